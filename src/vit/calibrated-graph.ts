// A Vision Transformer whose activations have levels that calibration settled, as steps: producers write f32, a step of
// its own brings that to its levels, and matrix products read int8 where the levels are uniform.

import type { VitArchitecture } from "../format/config.ts";
import type { AttentionProblem } from "../kernels/attention.ts";
import { attentionLevels, scoresByteLength } from "../kernels/attention-levels.ts";
import { type Activation, type GemmProblem, GROUP, paddedRows } from "../kernels/gemm.ts";
import { gemmFloatAdd } from "../kernels/gemm-float.ts";
import { layernorm } from "../kernels/layernorm.ts";
import { levels, quantizeLevels, roundToLevels } from "../kernels/quantize-levels.ts";
import type { Quantizer } from "../quant/quantizer.ts";
import { type Step, step } from "../scheduler/step.ts";
import type { Calibration } from "./calibration.ts";
import type { VitGraph } from "./graph.ts";
import type { Int8Kernels } from "./kernels.ts";
import { type VitShape, vitShape } from "./shape.ts";

/** With `taps`, Q, K and V of every block are outputs too, as f32. */
export function calibratedGraph(
  architecture: VitArchitecture,
  calibration: Calibration,
  kernels: Int8Kernels,
  images: number,
  taps = false,
): VitGraph {
  const graph = new Builder(architecture, calibration, kernels, images);
  graph.embed();
  for (let block = 0; block < architecture.depth; block++) graph.block(block);
  graph.readOut();
  return graph.done(taps);
}

class Builder {
  readonly #architecture: VitArchitecture;
  readonly #calibration: Calibration;
  readonly #shape: VitShape;
  readonly #kernels: Int8Kernels;
  readonly #images: number;
  readonly #steps: Step[] = [];
  readonly #tensors = new Map<string, number>();

  constructor(architecture: VitArchitecture, calibration: Calibration, kernels: Int8Kernels, images: number) {
    this.#architecture = architecture;
    this.#calibration = calibration;
    this.#shape = vitShape(architecture);
    this.#kernels = kernels;
    this.#images = images;
  }

  embed(): void {
    const { tokens, patchValues, width } = this.#shape;
    const rows = this.#images * tokens;
    this.#int8("patches", rows, patchValues);
    const problem = { rows, n: width, k: patchValues, rowsPerImage: tokens, addendRows: 0 };
    this.#add("patch", problem, "patches", "patch.table", "x");
  }

  /** One encoder block. The last one computes the readout tokens' rows only, after K and V. */
  block(index: number): void {
    const { tokens, readout, width, attentionWidth, mlpWidth } = this.#shape;
    const { depth, activation } = this.#architecture;
    const last = index === depth - 1;
    const queries = last ? readout : tokens;
    const all = this.#images * tokens;
    const rows = this.#images * queries;
    const at = (name: string) => `blocks.${index}.${name}`;
    const before = index === 0 ? "x" : `blocks.${index - 1}.x`;

    this.#norm(at("norm1"), all, before);
    this.#linear(at("qkv"), { rows: all, n: 3 * attentionWidth, k: width }, at("norm1"), at("qkv.sums"));
    this.#round(at("qkv"), all, 3 * attentionWidth, at("query"), at("qkv.sums"));
    this.#attention(at, queries);
    this.#quantize(at("attention"), rows, attentionWidth, at("attention.values"));
    const gather = last ? { rowsPerImage: readout, addendRows: tokens } : {};
    const proj = { rows, n: width, k: attentionWidth, ...gather };
    this.#add(at("proj"), proj, at("attention"), before, at("middle"));
    this.#norm(at("norm2"), rows, at("middle"));
    this.#linear(at("fc1"), { rows, n: mlpWidth, k: width }, at("norm2"), at("fc1.sums"));
    this.#quantize(at("fc1"), rows, mlpWidth, at("fc1.sums"), activation);
    this.#add(at("fc2"), { rows, n: width, k: mlpWidth }, at("fc1"), at("middle"), at("x"));
  }

  readOut(): void {
    const { width: stride, readout, classes } = this.#shape;
    const { depth } = this.#architecture;
    const images = this.#images;
    this.#layernorm("norm", images * readout, `blocks.${depth - 1}.x`, "embedding");
    if (classes === 0) return;
    this.#tensors.set("logits", paddedRows(images) * classes * 4);
    const buffers = { x: "embedding", w: "head.weight", w_scale: "head.weight_scale", bias: "head.bias" };
    const problem = { images, tokens: readout, stride, classes };
    this.#steps.push(step("head", this.#kernels.head, problem, { ...buffers, out: "logits" }));
  }

  done(taps: boolean): VitGraph {
    const qkv = [...this.#tensors.keys()].filter((name) => taps && name.endsWith(".qkv"));
    const outputs = ["embedding", ...(this.#shape.classes ? ["logits"] : []), ...qkv];
    const held = new Set(["patches", "patches.scale", ...outputs]);
    const { prefixTokens } = this.#architecture;
    const firstRow = (image: number) => image * this.#shape.tokens + prefixTokens;
    return { steps: this.#steps, tensors: this.#tensors, held, shape: this.#shape, outputs, firstRow };
  }

  #float(name: string, rows: number, columns: number): void {
    this.#tensors.set(name, paddedRows(rows) * columns * 4);
  }

  #int8(name: string, rows: number, columns: number): void {
    this.#tensors.set(name, paddedRows(rows) * columns);
    this.#tensors.set(`${name}.scale`, (paddedRows(rows) * columns * 4) / GROUP);
  }

  #norm(name: string, rows: number, x: string): void {
    const { width } = this.#shape;
    const input = `${name}.input`;
    if (this.#calibration.has(input)) this.#round(input, rows, width, input, x);
    this.#layernorm(name, rows, this.#calibration.has(input) ? input : x, `${name}.values`);
    this.#quantize(name, rows, width, `${name}.values`);
  }

  #layernorm(name: string, rows: number, x: string, out: string): void {
    const { width: stride } = this.#shape;
    const { width, layerNormEps: eps } = this.#architecture;
    this.#float(out, rows, stride);
    const buffers = { x, gamma: `${name}.gamma`, beta: `${name}.beta`, out };
    this.#steps.push(step(name, layernorm, { rows, width, stride, eps }, buffers));
  }

  /** To int8 where the levels are uniform, else to the f32 values of the levels. */
  #quantize(name: string, rows: number, columns: number, x: string, activation?: Activation): void {
    const quantizer = this.#quantizer(name);
    if (quantizer.kind !== "uniform") {
      this.#round(name, rows, columns, name, x, activation);
      return;
    }
    this.#int8(name, rows, columns);
    const problem = { rows, columns, activation, levels: levels(quantizer) };
    const buffers = { x, table: `${name}.table`, out: name, out_scale: `${name}.scale` };
    this.#steps.push(step(`${name}.levels`, quantizeLevels, problem, buffers));
  }

  /** To the f32 values of the levels of the quantiser `like`. */
  #round(
    name: string,
    rows: number,
    columns: number,
    like: string,
    x: string,
    activation?: Activation,
  ): void {
    this.#float(name, rows, columns);
    const problem = { rows, columns, activation, levels: levels(this.#quantizer(like)) };
    this.#steps.push(
      step(`${name}.levels`, roundToLevels, problem, { x, table: `${name}.table`, out: name }),
    );
  }

  #attention(at: (name: string) => string, queries: number): void {
    const { tokens, attentionWidth } = this.#shape;
    const { heads, headDim } = this.#architecture;
    const problem: AttentionProblem = { images: this.#images, tokens, queries, heads, headDim };
    const softmax = this.#calibration.get(at("softmax"));
    const out = at("attention.values");
    this.#tensors.set(at("scores"), scoresByteLength(problem));
    this.#float(out, this.#images * queries, attentionWidth);
    const buffers = { qkv: at("qkv"), scores: at("scores"), out };
    const levelled = softmax && { softmax: { ...levels(softmax), ...scalesOf(softmax) } };
    this.#steps.push(step(at("attention"), attentionLevels, { ...problem, ...levelled }, buffers));
  }

  /** a w + bias, in f32. */
  #linear(name: string, problem: GemmProblem, a: string, out: string): void {
    this.#add(name, { ...problem, rowsPerImage: 1, addendRows: 0 }, a, "zeros", out);
  }

  /** a w + bias + addend, in f32; a in int8, or in f32 where its levels are not uniform. */
  #add(name: string, problem: GemmProblem, a: string, addend: string, out: string): void {
    this.#float(out, problem.rows, problem.n);
    const shared = { a, w: `${name}.weight`, bias: `${name}.bias`, addend, out };
    const scales = { a_scale: `${a}.scale`, w_scale: `${name}.weight_scale` };
    this.#steps.push(
      this.#tensors.has(scales.a_scale)
        ? step(name, this.#kernels.gemmAdd, problem, { ...shared, ...scales })
        : step(name, gemmFloatAdd, problem, shared),
    );
  }

  #quantizer(name: string): Quantizer {
    return this.#calibration.get(name)!;
  }
}

function scalesOf(quantizer: Quantizer): { scale: number; second: number } {
  if (quantizer.kind === "uniform") return { scale: quantizer.scale as number, second: quantizer.zero };
  return { scale: quantizer.scale, second: quantizer.kind === "twin" ? quantizer.fine : 0 };
}
