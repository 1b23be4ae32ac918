// A Vision Transformer as steps: 7 a block, 5 where one stands for two, 2 where one stands for six; one to embed, two to
// read out.

import type { VitArchitecture } from "../format/config.ts";
import { type GemmProblem, GROUP, paddedRows } from "../kernels/gemm.ts";
import { ROW_SCALE } from "../quant/outlier.ts";
import { type Graph, type Step, step } from "../scheduler/step.ts";
import { fusionsOf } from "./fusions.ts";
import { floatKernels, type Int8Kernels, int8Kernels } from "./kernels.ts";
import { type VitShape, vitShape } from "./shape.ts";
import type { Precision } from "./weights.ts";

/** Held tensors: `patches` (and `patches.scale`) are written from outside, `embedding` and `logits` read back. */
export interface VitGraph extends Graph {
  readonly shape: VitShape;
  /** `logits` only where there is a head. */
  readonly outputs: readonly string[];
  /** Row of `patches` that a picture's first patch goes to: behind the pictures before it, and its own class tokens. */
  readonly firstRow: (image: number) => number;
}

/** One quantised or float activation: f32, or int8 with scales of `groups` a row. */
interface Form {
  readonly bytes: (rows: number, width: number) => number;
  readonly scales: boolean;
}

const INT8: Form = { bytes: (rows, width) => rows * width, scales: true };
const FLOAT: Form = { bytes: (rows, width) => rows * width * 4, scales: false };

export interface VitGraphOptions {
  /** Q, K and V of every block are outputs too: `blocks.N.qkv` and, in int8, `blocks.N.qkv.scale`. */
  readonly taps?: boolean;
  /** What computes the int8 path; default: the kernels that are exact. */
  readonly kernels?: Int8Kernels;
}

export function vitGraph(
  architecture: VitArchitecture,
  images: number,
  precision: Precision,
  { taps = false, kernels = int8Kernels }: VitGraphOptions = {},
): VitGraph {
  const graph = new Builder(architecture, images, precision, kernels);
  graph.embed();
  for (let block = 0; block < architecture.depth; block++) graph.block(block);
  graph.readOut();
  return graph.done(taps);
}

class Builder {
  readonly #architecture: VitArchitecture;
  readonly #shape: VitShape;
  readonly #images: number;
  readonly #int8: boolean;
  readonly #kernels: Int8Kernels;
  readonly #steps: Step[] = [];
  readonly #tensors = new Map<string, number>();

  constructor(architecture: VitArchitecture, images: number, precision: Precision, kernels: Int8Kernels) {
    this.#architecture = architecture;
    this.#shape = vitShape(architecture);
    this.#images = images;
    this.#int8 = precision === "int8";
    this.#kernels = kernels;
  }

  /** patches -> residual stream, with the class tokens and positions from the table. */
  embed(): void {
    const { tokens, patchValues, width } = this.#shape;
    const rows = this.#images * tokens;
    this.#activation("patches", rows, patchValues);
    this.#stream("x", rows);
    this.#linearAdd(
      "patch",
      { rows, n: width, k: patchValues, rowsPerImage: tokens, addendRows: 0 },
      "patches",
      "patch.table",
      "x",
    );
  }

  /** One encoder block. The last one computes the readout tokens' rows only, after K and V. */
  block(index: number): void {
    const { tokens, readout, width, attentionWidth, mlpWidth } = this.#shape;
    const { depth, heads, headDim, activation } = this.#architecture;
    const last = index === depth - 1;
    const queries = last ? readout : tokens;
    const all = this.#images * tokens;
    const rows = this.#images * queries;
    const at = (name: string) => `blocks.${index}.${name}`;
    const before = index === 0 ? "x" : `blocks.${index - 1}.x`;

    this.#norm(at("norm1"), all, before);
    this.#activation(at("qkv"), all, 3 * attentionWidth);
    this.#linear(at("qkv"), { rows: all, n: 3 * attentionWidth, k: width }, at("norm1"));
    this.#activation(at("attention"), rows, attentionWidth);
    const problem = { images: this.#images, tokens, queries, heads, headDim };
    this.#steps.push(
      this.#int8
        ? step(at("attention"), this.#kernels.attention, problem, {
            qkv: at("qkv"),
            qkv_scale: at("qkv.scale"),
            out: at("attention"),
            out_scale: at("attention.scale"),
          })
        : step(at("attention"), floatKernels.attention, problem, { qkv: at("qkv"), out: at("attention") }),
    );
    this.#stream(at("middle"), rows);
    const gather = last ? { rowsPerImage: readout, addendRows: tokens } : {};
    this.#linearAdd(
      at("proj"),
      { rows, n: width, k: attentionWidth, ...gather },
      at("attention"),
      before,
      at("middle"),
    );
    this.#norm(at("norm2"), rows, at("middle"));
    this.#activation(at("fc1"), rows, mlpWidth);
    this.#linear(at("fc1"), { rows, n: mlpWidth, k: width, activation }, at("norm2"));
    this.#stream(at("x"), rows);
    this.#linearAdd(at("fc2"), { rows, n: width, k: mlpWidth }, at("fc1"), at("middle"), at("x"));
  }

  /** Last norm of the readout tokens, and the head. */
  readOut(): void {
    const { width, readout, classes } = this.#shape;
    const images = this.#images;
    const { depth, layerNormEps: eps } = this.#architecture;
    this.#tensors.set("embedding", FLOAT.bytes(paddedRows(images * readout), width));
    this.#steps.push(
      step(
        "norm",
        this.#int8 ? this.#kernels.layernorm : floatKernels.layernorm,
        { rows: images * readout, width: this.#architecture.width, stride: width, eps },
        {
          x: `blocks.${depth - 1}.x`,
          gamma: "norm.gamma",
          beta: "norm.beta",
          out: "embedding",
        },
      ),
    );
    if (classes === 0) return;
    this.#tensors.set("logits", paddedRows(images) * classes * 4);
    const shared = { w: "head.weight", bias: "head.bias", out: "logits" };
    this.#steps.push(
      this.#int8
        ? step(
            "head",
            this.#kernels.head,
            { images, tokens: readout, stride: width, classes },
            {
              ...shared,
              x: "embedding",
              w_scale: "head.weight_scale",
            },
          )
        : step(
            "head",
            floatKernels.gemmActivate,
            { rows: images, n: classes, k: width * readout },
            { ...shared, a: "embedding" },
          ),
    );
  }

  done(taps: boolean): VitGraph {
    const qkv = [...this.#tensors.keys()].filter((name) => taps && /\.qkv(\.scale)?$/.test(name));
    const outputs = ["embedding", ...(this.#shape.classes ? ["logits"] : []), ...qkv];
    const held = new Set(["patches", "patches.scale", ...outputs]);
    const { prefixTokens } = this.#architecture;
    const firstRow = (image: number) => image * this.#shape.tokens + prefixTokens;
    const fusions = fusionsOf(this.#steps, this.#kernels);
    return {
      steps: this.#steps,
      fusions,
      tensors: this.#tensors,
      held,
      shape: this.#shape,
      outputs,
      firstRow,
    };
  }

  /** A tensor of the residual stream. */
  #stream(name: string, rows: number): void {
    const bytes = this.#int8 ? this.#kernels.streamBytes : FLOAT.bytes(1, 1);
    this.#tensors.set(name, paddedRows(rows) * this.#shape.width * bytes);
  }

  /** An activation that a GEMM reads: int8 with `scales` f32 a row, by default one for 64 columns; or f32. */
  #activation(name: string, rows: number, width: number, scales = width / GROUP): void {
    const form = this.#int8 ? INT8 : FLOAT;
    const padded = paddedRows(rows);
    this.#tensors.set(name, form.bytes(padded, width));
    if (form.scales) this.#tensors.set(`${name}.scale`, padded * scales * 4);
  }

  #norm(name: string, rows: number, x: string): void {
    const { width } = this.#shape;
    const problem = {
      rows,
      width: this.#architecture.width,
      stride: width,
      eps: this.#architecture.layerNormEps,
    };
    const shared = { x, gamma: `${name}.gamma`, beta: `${name}.beta`, out: name };
    this.#activation(name, rows, width, ROW_SCALE);
    this.#steps.push(
      this.#int8
        ? step(name, this.#kernels.layernormQuantize, problem, { ...shared, out_scale: `${name}.scale` })
        : step(name, floatKernels.layernorm, problem, shared),
    );
  }

  /** activation(a w + bias), quantised again. */
  #linear(name: string, problem: GemmProblem, a: string): void {
    const shared = { a, w: `${name}.weight`, bias: `${name}.bias`, out: name };
    this.#steps.push(
      this.#int8
        ? step(name, this.#kernels.gemmQuantize, problem, {
            ...shared,
            a_scale: `${a}.scale`,
            w_scale: `${name}.weight_scale`,
            out_scale: `${name}.scale`,
          })
        : step(name, floatKernels.gemmActivate, problem, shared),
    );
  }

  /** a w + bias + addend, in f32. */
  #linearAdd(name: string, problem: GemmProblem, a: string, addend: string, out: string): void {
    const shared = { a, w: `${name}.weight`, bias: `${name}.bias`, addend, out };
    this.#steps.push(
      this.#int8
        ? step(name, this.#kernels.gemmAdd, problem, {
            ...shared,
            a_scale: `${a}.scale`,
            w_scale: `${name}.weight_scale`,
          })
        : step(name, floatKernels.gemmAdd, problem, shared),
    );
  }
}
