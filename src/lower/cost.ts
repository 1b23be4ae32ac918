// The cost of one image for a Vision Transformer: operations, bytes and parameters, for each operation and for vit8's fused passes.

import { GROUP } from "../kernels/gemm.ts";
import { fused } from "../network/fused.ts";
import {
  type FusedOp,
  headsOf,
  type Interpreter,
  interpret,
  keysOf,
  kindOf,
  type Network,
  type Op,
  type Value,
} from "../network/op.ts";
import { parametersOfOp } from "../network/parameters.ts";
import { ROW_SCALE } from "../quant/outlier.ts";
import { elementCount } from "../tensor/dtype.ts";
import { isFloat } from "./int8-every.ts";
import { columnsOf } from "./padding.ts";
import { addendOf } from "./problems.ts";

export interface Cost {
  /** Multiply-accumulates of matrix products. */
  readonly macs: number;
  /** Two for each multiply-accumulate, and those of softmax, LayerNorm, GELU and additions. */
  readonly operations: number;
  /** Bytes, every operand counted once. */
  readonly readBytes: number;
  readonly writeBytes: number;
}

/**
 * The groups of Kim et al., "Full Stack Optimization of Transformer Inference: a Survey", 2023, table 3, and the operations outside of the
 * blocks.
 */
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
  /**
   * The bytes that vit8 moves: int8 operands with their scales, f32 biases and residual stream, only the readout tokens in the last block.
   * Layers that are kept in float have f32 operands; conversions before and after them are left out.
   */
  readonly passes: readonly PassCost[];
}

/** Operations per value of non-matrix operations; with these numbers, the shares and intensities equal those of Kim et al. */
const SOFTMAX = 5;
const LAYERNORM = 8;
const GELU = 8;
const ADD = 1;

const FLOAT_BYTES = 4;

/**
 * Arithmetic on the network alone: no weights, no GPU.
 * @param float layers that are computed in f32, with Q, K and V separate
 */
export function costOf(network: Network, float: readonly string[] = []): VitCost {
  const tokens = network.ops.find(({ kind }) => kind === "attention")?.reads[0]?.rows ?? 0;
  return { tokens, operations: operationsOf(network), passes: passesOf(fused(network), float) };
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

type Part = readonly [name: string, group: CostGroup, cost: Cost];

/** Every operation by itself. What has no cost may have parameters. */
const OPERATIONS: Interpreter<Op, [], readonly Part[]> = {
  patches: () => [],
  linear: ({ name, reads: [x], out }) => {
    const group = PRODUCTS.find(([, names]) => names.test(name))?.[0] ?? "head";
    return [[group === "head" ? group : kindOf(name), group, product(x.rows, x.width, out.width)]];
  },
  norm: ({ name, out }) => [
    [kindOf(name), name.includes(".") ? "other" : "head", elementwise(LAYERNORM, out.rows * out.width)],
  ],
  attention: (op) => {
    const { heads, headDim } = headsOf(op);
    const [rows, keys] = [op.out.rows, keysOf(op)];
    const bias = op.bias ? elementwise(ADD, heads * rows * keys, 2) : NOTHING;
    return [
      ["scores", "attention", combined(repeated(product(rows, headDim, keys), heads), bias, 1)],
      ["softmax", "other", elementwise(SOFTMAX, heads * rows * keys)],
      ["context", "attention", repeated(product(rows, keys, headDim), heads)],
    ];
  },
  activation: ({ name, out }) => [[kindOf(name), "other", elementwise(GELU, out.rows * out.width)]],
  add: ({ name, out }) => [[kindOf(name), "other", elementwise(ADD, out.rows * out.width, 2)]],
  tokens: () => [["patch", "embedding", NOTHING]],
  table: ({ out }) => [["patch", "embedding", elementwise(ADD, out.rows * out.width, 2)]],
  learnt: ({ name, out }) => [[kindOf(name), "other", elementwise(0, out.rows * out.width)]],
  heads: ({ name, out }) => [[kindOf(name), "other", elementwise(LAYERNORM, out.rows * out.width)]],
  lookup: () => [],
  gather: () => [],
  pool: ({ name, count, out }) => [[kindOf(name), "head", elementwise(ADD, count * out.width)]],
  concat: () => [],
  gate: ({ name, out }) => [[kindOf(name), "other", elementwise(GELU, out.rows * out.width, 2)]],
  mean: () => [],
};

const PRODUCTS: readonly (readonly [CostGroup, RegExp])[] = [
  ["embedding", /^patch$/],
  ["projections", /\.(?:query|key|value|proj)$/],
  ["mlp", /\.fc[12]$/],
];

function operationsOf({ ops }: Network): OperationCost[] {
  const all = new Map<string, OperationCost>();
  for (const op of ops)
    for (const [i, [name, group, cost]] of interpret(OPERATIONS, op).entries()) {
      const before = all.get(name) ?? { name, group, parameters: 0, ...NOTHING };
      const own = i === 0 ? parametersOfOp(op).reduce((sum, [, shape]) => sum + elementCount(shape), 0) : 0;
      all.set(name, { ...before, ...combined(before, cost, 1), parameters: before.parameters + own });
    }
  return [...all.values()];
}

/** int8 with `scales` f32 a row, by default one for 64 columns. */
const int8Bytes = (rows: number, width: number, scales = width / GROUP) =>
  rows * (width + FLOAT_BYTES * scales);
const floatBytes = (rows: number, width: number) => FLOAT_BYTES * rows * width;
/** int8 weights, with the scale and the bias of each output channel. */
const weightBytes = (k: number, n: number) => k * n + 2 * FLOAT_BYTES * n;
const operationsOnly = (macs: number, others: number) => ({ macs, operations: 2 * macs + others });

/** Which operations differ from the int8 of the others. */
interface Forms {
  /** Writes an output of the network, in f32. */
  readonly isAnswer: (op: FusedOp) => boolean;
  /** A product of f32. */
  readonly isFloat: (op: FusedOp) => boolean;
  /** Another operation reads its result in f32. */
  readonly isReadAsFloat: (op: FusedOp) => boolean;
}

/** The bytes and operations of a pass of the int8 path. */
const PASSES: Interpreter<FusedOp, [Forms], Cost> = {
  patches: () => NOTHING,
  linear: (op, { isAnswer, isFloat }) => {
    const { reads, out, joined, activation } = op;
    const [rows, n, columns] = [out.rows, columnsOf(out), columnsOf(reads[0])];
    const k = joined * columns;
    const macs = rows * k * n;
    const others = (addendOf(op) ? ADD : activation ? GELU : 0) * rows * n;
    if (isFloat(op))
      return {
        ...operationsOnly(macs, others),
        readBytes: floatBytes(rows, k) + floatBytes(k + 1, n) + (addendOf(op) ? floatBytes(rows, n) : 0),
        writeBytes: floatBytes(rows, n),
      };
    if (isAnswer(op))
      return {
        ...operationsOnly(macs, 0),
        readBytes: floatBytes(joined, columns) + k * n + FLOAT_BYTES * (joined * n + n),
        writeBytes: floatBytes(rows, n),
      };
    if (addendOf(op))
      return {
        ...operationsOnly(macs, others),
        readBytes: int8Bytes(rows, k) + weightBytes(k, n) + floatBytes(rows, n),
        writeBytes: floatBytes(rows, n),
      };
    return {
      ...operationsOnly(macs, others),
      readBytes: int8Bytes(rows, k, ROW_SCALE) + weightBytes(k, n),
      writeBytes: int8Bytes(rows, n),
    };
  },
  norm: (op, { isAnswer, isReadAsFloat }) => {
    const [rows, columns] = [op.out.rows, columnsOf(op.out)];
    return {
      ...operationsOnly(0, LAYERNORM * rows * columns),
      readBytes: floatBytes(rows + 2, columns),
      writeBytes:
        isAnswer(op) || isReadAsFloat(op) ? floatBytes(rows, columns) : int8Bytes(rows, columns, ROW_SCALE),
    };
  },
  attention: (op) => {
    const { heads, headDim } = headsOf(op);
    const [rows, tokens, columns] = [op.out.rows, op.reads.at(-1)!.rows, columnsOf(op.out)];
    const keys = keysOf(op);
    return {
      ...operationsOnly(
        2 * heads * rows * keys * headDim,
        (SOFTMAX + (op.bias ? ADD : 0)) * heads * rows * keys,
      ),
      readBytes: int8Bytes(2 * tokens + rows, columns) + (op.bias ? FLOAT_BYTES * heads * rows * keys : 0),
      writeBytes: int8Bytes(rows, columns),
    };
  },
  heads: ({ out }) => ({
    ...floatPass(out, LAYERNORM),
    writeBytes: int8Bytes(out.rows, columnsOf(out)),
  }),
  lookup: () => NOTHING,
  gather: ({ out }) => floatPass(out, 0),
  learnt: ({ out }) => floatPass(out, 0),
  pool: ({ out, count }) => floatPass(out, ADD * count, count),
  concat: ({ out }) => floatPass(out, 0),
  gate: ({ out }) => floatPass(out, GELU, 2),
  activation: ({ out }) => floatPass(out, GELU),
  add: ({ out }) => floatPass(out, ADD, 2),
  table: ({ out }) => floatPass(out, ADD, 2),
};

/** A value-wise operation in f32: `operationsEach` per value, with `reads` inputs of the same size. */
function floatPass(out: Value, operationsEach: number, reads = 1): Cost {
  const bytes = floatBytes(out.rows, columnsOf(out));
  const values = bytes / FLOAT_BYTES;
  return { ...operationsOnly(0, operationsEach * values), readBytes: reads * bytes, writeBytes: bytes };
}

function passesOf({ ops, outputs }: Network<FusedOp>, float: readonly string[]): PassCost[] {
  const isKept = (op: FusedOp) => op.kind === "linear" && isFloat(op, float);
  const forms: Forms = {
    isAnswer: ({ out }) => Object.values(outputs).includes(out),
    isFloat: isKept,
    isReadAsFloat: ({ out }) => ops.some((op) => isKept(op) && op.reads[0] === out),
  };
  const passes = new Map<string, PassCost>();
  for (const op of ops.filter(({ kind }) => kind !== "patches")) {
    const name = kindOf(op.name);
    passes.set(name, { name, ...combined(passes.get(name) ?? NOTHING, interpret(PASSES, op, forms), 1) });
  }
  return [...passes.values()];
}
