// What one picture costs a Vision Transformer: operations, bytes and parameters, each operation by itself and as vit8's passes fuse them.

import type { VitArchitecture } from "../format/config.ts";
import { GROUP } from "../kernels/gemm.ts";
import { ROW_SCALE } from "../quant/outlier.ts";
import { type VitShape, vitShape } from "./shape.ts";

export interface Cost {
  /** Multiply-accumulates of matrix products. */
  readonly macs: number;
  /** Two for each multiply-accumulate, and those of softmax, LayerNorm, GELU and additions. */
  readonly operations: number;
  /** Bytes, every operand counted once. */
  readonly readBytes: number;
  readonly writeBytes: number;
}

/** Those of Kim et al., "Full Stack Optimization of Transformer Inference: a Survey", 2023, table 3, and what is outside of the blocks. */
export type CostGroup = "embedding" | "projections" | "attention" | "mlp" | "other" | "head";

/** One operation of all blocks together, as if each wrote its result to memory. */
export interface OperationCost extends Cost {
  readonly name: string;
  readonly group: CostGroup;
  readonly parameters: number;
}

/** One pass of vit8 in int8, all blocks together, by its name in a profile. */
export interface PassCost extends Cost {
  readonly name: string;
}

export interface VitCost {
  readonly tokens: number;
  /** Unfused, every value a byte: Kim et al. count so. Biases and scales are no traffic here. */
  readonly operations: readonly OperationCost[];
  /** What vit8 moves: int8 operands with their scales, f32 biases and residual stream, the last block's readout tokens alone. */
  readonly passes: readonly PassCost[];
}

/** Operations a value of what is no matrix product; with these the shares and intensities of Kim et al. come out. */
const SOFTMAX = 5;
const LAYERNORM = 8;
const GELU = 8;
const ADD = 1;

const FLOAT_BYTES = 4;

/** Arithmetic on the architecture alone: no weights, no GPU. */
export function costOf(architecture: VitArchitecture): VitCost {
  const shape = vitShape(architecture);
  return {
    tokens: shape.tokens,
    operations: operationsOf(architecture, shape),
    passes: passesOf(architecture, shape),
  };
}

/** Operations a byte: where a machine does more in the time in which it moves a byte, memory is the limit. */
export function intensityOf({ operations, readBytes, writeBytes }: Cost): number {
  return operations / (readBytes + writeBytes);
}

export function sumOf(costs: readonly Cost[]): Cost {
  return costs.reduce((sum, cost) => combined(sum, cost, 1), NOTHING);
}

const NOTHING: Cost = { macs: 0, operations: 0, readBytes: 0, writeBytes: 0 };

/** a + times * b */
function combined(a: Cost, b: Cost, times: number): Cost {
  return {
    macs: a.macs + times * b.macs,
    operations: a.operations + times * b.operations,
    readBytes: a.readBytes + times * b.readBytes,
    writeBytes: a.writeBytes + times * b.writeBytes,
  };
}

const repeated = (cost: Cost, times: number) => combined(NOTHING, cost, times);

/** [rows, k] times [k, n], a byte a value. */
function product(rows: number, k: number, n: number): Cost {
  const macs = rows * k * n;
  return { macs, operations: 2 * macs, readBytes: rows * k + k * n, writeBytes: rows * n };
}

/** `operands` tensors of `values` in, one out. */
function elementwise(operationsEach: number, values: number, operands = 1): Cost {
  return { macs: 0, operations: operationsEach * values, readBytes: operands * values, writeBytes: values };
}

function operationsOf(architecture: VitArchitecture, { tokens, patches }: VitShape): OperationCost[] {
  const { width, depth, heads, headDim, mlpWidth, classes, patchSize, prefixTokens } = architecture;
  const { headsCount, qkvBias, layerScale } = architecture;
  const pixels = 3 * patchSize ** 2;
  const projection = product(tokens, width, width);
  const qkv = width * (width + Number(qkvBias));
  const norm = elementwise(LAYERNORM, tokens * width);
  const residual = elementwise(ADD, tokens * width, 2);
  const scale = layerScale ? width : 0;
  const operation = (name: string, group: CostGroup, cost: Cost, parameters = 0): OperationCost => ({
    name,
    group,
    ...cost,
    parameters,
  });
  const block = [
    operation("norm1", "other", norm, 2 * width),
    operation("query", "projections", projection, qkv),
    operation("key", "projections", projection, qkv),
    operation("value", "projections", projection, qkv),
    operation("scores", "attention", repeated(product(tokens, headDim, tokens), heads)),
    operation("softmax", "other", elementwise(SOFTMAX, heads * tokens ** 2)),
    operation("context", "attention", repeated(product(tokens, tokens, headDim), heads)),
    operation("proj", "projections", projection, width * (width + 1)),
    operation("residual1", "other", residual, scale),
    operation("norm2", "other", norm, 2 * width),
    operation("fc1", "mlp", product(tokens, width, mlpWidth), mlpWidth * (width + 1)),
    operation("gelu", "other", elementwise(GELU, tokens * mlpWidth)),
    operation("fc2", "mlp", product(tokens, mlpWidth, width), width * (mlpWidth + 1)),
    operation("residual2", "other", residual, scale),
  ];
  const embedding = sumOf([product(patches, pixels, width), elementwise(ADD, tokens * width, 2)]);
  const embeddingParameters = width * (pixels + 1 + prefixTokens + tokens);
  const readOut = repeated(product(1, width, classes), headsCount);
  return [
    operation("patch", "embedding", embedding, embeddingParameters),
    ...block.map(({ name, group, parameters, ...cost }) =>
      operation(name, group, repeated(cost, depth), depth * parameters),
    ),
    operation("norm", "head", norm, 2 * width),
    ...(classes ? [operation("head", "head", readOut, headsCount * classes * (width + 1))] : []),
  ];
}

/** int8 with `scales` f32 a row, by default one for 64 columns. */
const int8Bytes = (rows: number, width: number, scales = width / GROUP) =>
  rows * (width + FLOAT_BYTES * scales);
const floatBytes = (rows: number, width: number) => FLOAT_BYTES * rows * width;
/** int8 weights, with the scale and the bias of each output channel. */
const weightBytes = (k: number, n: number) => k * n + 2 * FLOAT_BYTES * n;

function passesOf(architecture: VitArchitecture, shape: VitShape): PassCost[] {
  const { depth } = architecture;
  const { tokens, readout, width, patchValues, classes } = shape;
  const whole = blockPasses(architecture, shape, tokens);
  const last = blockPasses(architecture, shape, readout);
  const logits = classes * readout;
  return [
    {
      name: "patch",
      ...operationsOnly(tokens * width * patchValues, ADD * tokens * width),
      readBytes: int8Bytes(tokens, patchValues) + weightBytes(patchValues, width) + floatBytes(tokens, width),
      writeBytes: floatBytes(tokens, width),
    },
    ...whole.map(({ name, ...cost }, i) => ({ name, ...combined(last[i], cost, depth - 1) })),
    {
      name: "norm",
      ...operationsOnly(0, LAYERNORM * readout * width),
      readBytes: floatBytes(readout + 2, width),
      writeBytes: floatBytes(readout, width),
    },
    ...(classes
      ? [
          {
            name: "head",
            ...operationsOnly(width * logits, 0),
            readBytes: floatBytes(readout, width) + width * logits + FLOAT_BYTES * (logits + classes),
            writeBytes: FLOAT_BYTES * classes,
          },
        ]
      : []),
  ];
}

const operationsOnly = (macs: number, others: number) => ({ macs, operations: 2 * macs + others });

/** The seven passes of a block that computes `rows` tokens after K and V. */
function blockPasses(
  { heads, headDim }: VitArchitecture,
  { tokens, width, attentionWidth, mlpWidth }: VitShape,
  rows: number,
): PassCost[] {
  const norm = (name: string, normed: number): PassCost => ({
    name,
    ...operationsOnly(0, LAYERNORM * normed * width),
    readBytes: floatBytes(normed + 2, width),
    writeBytes: int8Bytes(normed, width, ROW_SCALE),
  });
  const addition = (name: string, k: number): PassCost => ({
    name,
    ...operationsOnly(rows * k * width, ADD * rows * width),
    readBytes: int8Bytes(rows, k) + weightBytes(k, width) + floatBytes(rows, width),
    writeBytes: floatBytes(rows, width),
  });
  return [
    norm("norm1", tokens),
    {
      name: "qkv",
      ...operationsOnly(tokens * width * 3 * attentionWidth, 0),
      readBytes: int8Bytes(tokens, width, ROW_SCALE) + weightBytes(width, 3 * attentionWidth),
      writeBytes: int8Bytes(tokens, 3 * attentionWidth),
    },
    {
      name: "attention",
      ...operationsOnly(2 * heads * rows * tokens * headDim, SOFTMAX * heads * rows * tokens),
      readBytes: int8Bytes(2 * tokens + rows, attentionWidth),
      writeBytes: int8Bytes(rows, attentionWidth),
    },
    addition("proj", attentionWidth),
    norm("norm2", rows),
    {
      name: "fc1",
      ...operationsOnly(rows * width * mlpWidth, GELU * rows * mlpWidth),
      readBytes: int8Bytes(rows, width, ROW_SCALE) + weightBytes(width, mlpWidth),
      writeBytes: int8Bytes(rows, mlpWidth),
    },
    addition("fc2", mlpWidth),
  ];
}
