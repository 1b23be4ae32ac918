// From a checkpoint's tensors, as they stream in, to the buffers that the steps name.

import { ModelFormatError } from "../errors/errors.ts";
import { patchGrid, type VitArchitecture } from "../format/config.ts";
import { type CanonicalName, positionGrid } from "../format/names.ts";
import { interpolatePositions } from "../format/positions.ts";
import { type TensorEntry, toFloat32 } from "../format/safetensors.ts";
import type { Affine } from "../image/normalise.ts";
import { packRow } from "../quant/pack.ts";
import { quantizeRow } from "../quant/quantize.ts";
import { fusedLabel } from "./fusions.ts";
import { type LinearLayout, linearLayout } from "./linear.ts";
import { type VitShape, vitShape } from "./shape.ts";

export type Precision = "int8" | "float32";

export interface WeightOptions {
  readonly architecture: VitArchitecture;
  readonly affine: Affine;
  readonly precision: Precision;
  /** Receives each finished buffer once; after that nothing of it is kept here. */
  readonly emit: (name: string, data: Int8Array | Float32Array) => void;
}

/** A packed weight in the making. */
interface Target {
  readonly data: Int8Array | Float32Array;
  rowsLeft: number;
}

/**
 * Takes tensors in any order, float or int8 with scales, and emits `<layer>.weight` (int8 [k/16, n, 16], or f32 [k, n]),
 * `.weight_scale` [n], `.bias` [n], `.gamma`/`.beta` of norms and `patch.table` [tokens, width], all padded to 64 columns; in
 * int8 also `<layer>+<norm>.vectors` [4, width] for a step that does both.
 * Layer scale is folded into the scale (int8) or weight (f32) and the bias of the layer it follows.
 */
export class WeightPacker {
  readonly #options: WeightOptions;
  readonly #shape: VitShape;
  readonly #targets = new Map<string, Target>();
  readonly #scales = new Map<string, Float32Array>();
  readonly #biases = new Map<string, Float32Array>();
  readonly #small = new Map<CanonicalName, Float32Array>();
  readonly #finished = new Map<string, Int8Array | Float32Array>();
  /** Per output channel of the patch embedding: the sum of q * int8Offset, so far without its scale. */
  #patchOffsets = new Float64Array();

  constructor(options: WeightOptions) {
    this.#options = options;
    this.#shape = vitShape(options.architecture);
  }

  /** @throws ModelFormatError for a weight that is not finite. */
  accept(name: CanonicalName, entry: TensorEntry, bytes: Uint8Array): void {
    const dot = name.lastIndexOf(".");
    const [stem, leaf] = [name.slice(0, dot), name.slice(dot + 1)];
    const layout = linearLayout(stem, this.#options.architecture, this.#shape);
    if (layout && leaf === "weight") this.#acceptWeight(name, layout, entry, bytes);
    else if (layout && leaf === "weight_scale") this.#acceptScale(layout, finite(name, entry, bytes));
    else if (layout && leaf === "bias") this.#acceptBias(layout, finite(name, entry, bytes));
    else this.#small.set(name, this.#positioned(name, entry, finite(name, entry, bytes)));
  }

  /** Emits what depends on more than one tensor. Call once, after the last tensor. */
  finish(): void {
    const { depth, classes, layerScale } = this.#options.architecture;
    if (layerScale)
      for (let i = 0; i < depth; i++) {
        this.#scaleLayer(`blocks.${i}.proj`, `blocks.${i}.scale1`);
        this.#scaleLayer(`blocks.${i}.fc2`, `blocks.${i}.scale2`);
      }
    if (classes && this.#shape.readout === 2) this.#averageHeads();
    this.#emitPatchTable();
    for (const name of this.#norms()) this.#emitNorm(name);
    for (const stem of this.#stems()) this.#emitVectors(stem);
    if (this.#options.precision === "int8") this.#emitFusedVectors();
    for (const [stem, data] of this.#finished) this.#options.emit(`${stem}.weight`, data);
    this.#finished.clear();
  }

  #acceptWeight(name: string, layout: LinearLayout, entry: TensorEntry, bytes: Uint8Array): void {
    const rows = entry.shape[0];
    const k = bytes.length === 0 ? 0 : entry.shape.slice(1).reduce((a, b) => a * b, 1);
    const target = this.#target(layout);
    if (this.#options.precision === "float32") this.#copyFloat(name, layout, target, entry, bytes, rows, k);
    else this.#pack(name, layout, target, entry, bytes, rows, k);
    target.rowsLeft -= rows;
    if (target.rowsLeft > 0) return;
    this.#targets.delete(layout.target);
    // f32 weights wait for a layer scale; int8 ones never change again.
    if (this.#options.precision === "float32") this.#finished.set(layout.target, target.data);
    else this.#options.emit(`${layout.target}.weight`, target.data);
  }

  #target(layout: LinearLayout): Target {
    const { target: name, n, k, rowsInAll } = layout;
    const made = this.#targets.get(name);
    if (made) return made;
    const data = this.#options.precision === "int8" ? new Int8Array(n * k) : new Float32Array(n * k);
    const target = { data, rowsLeft: rowsInAll };
    this.#targets.set(name, target);
    return target;
  }

  #pack(
    name: string,
    layout: LinearLayout,
    target: Target,
    entry: TensorEntry,
    bytes: Uint8Array,
    rows: number,
    k: number,
  ): void {
    const int8 =
      entry.dtype === "I8" ? new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length) : undefined;
    const values = int8 ? undefined : finite(name, entry, bytes);
    const scales = this.#scalesOf(layout);
    const quantized = new Int8Array(k);
    const first = layout.runs[0].to;
    const padded = new Int8Array(layout.runs.at(-1)!.to + layout.runs.at(-1)!.length - first);
    if (layout.target === "patch") this.#patchOffsets = new Float64Array(layout.n);
    for (let row = 0; row < rows; row++) {
      const q = int8 ? int8.subarray(row * k, (row + 1) * k) : quantized;
      const channel = layout.channel(row);
      if (values)
        scales[layout.part * layout.n + channel] = quantizeRow(
          values.subarray(row * k, (row + 1) * k),
          quantized,
          layout.side,
        );
      for (const { from, to, length } of layout.runs) padded.set(q.subarray(from, from + length), to - first);
      packRow(target.data as Int8Array, layout.n, channel, padded, first);
      if (layout.target === "patch") this.#patchOffsets[channel] = this.#offsetOf(q);
    }
  }

  #copyFloat(
    name: string,
    layout: LinearLayout,
    target: Target,
    entry: TensorEntry,
    bytes: Uint8Array,
    rows: number,
    k: number,
  ): void {
    if (entry.dtype === "I8")
      throw new ModelFormatError(
        `${name}: expected float weights for precision float32, came I8; load the float checkpoint or use precision int8`,
      );
    const values = finite(name, entry, bytes);
    for (let row = 0; row < rows; row++) {
      const channel = layout.channel(row);
      for (const { from, to, length } of layout.runs)
        for (let i = 0; i < length; i++)
          target.data[(to + i) * layout.n + channel] = values[row * k + from + i];
    }
  }

  /** Sum over the patch's pixels of q times what its channel is worth at int8 zero. */
  #offsetOf(q: Int8Array): number {
    const { int8Offset } = this.#options.affine;
    const area = q.length / 3;
    let total = 0;
    for (let c = 0; c < 3; c++) {
      let sum = 0;
      for (let i = c * area; i < (c + 1) * area; i++) sum += q[i];
      total += sum * int8Offset[c];
    }
    return total;
  }

  #scalesOf({ target, n }: LinearLayout): Float32Array {
    const made = this.#scales.get(target);
    if (made) return made;
    const scales = new Float32Array(n * (target === "head" ? this.#shape.readout : 1));
    this.#scales.set(target, scales);
    return scales;
  }

  #acceptScale(layout: LinearLayout, values: Float32Array): void {
    const scales = this.#scalesOf(layout);
    for (let row = 0; row < values.length; row++)
      scales[layout.part * layout.n + layout.channel(row)] = values[row];
  }

  #acceptBias(layout: LinearLayout, values: Float32Array): void {
    const biases = this.#biases.get(layout.target) ?? new Float32Array(layout.n);
    this.#biases.set(layout.target, biases);
    for (let row = 0; row < values.length; row++) biases[layout.channel(row)] += values[row];
  }

  #positioned(name: CanonicalName, entry: TensorEntry, values: Float32Array): Float32Array {
    const { architecture } = this.#options;
    const from = name === "positions" ? positionGrid(entry.shape, architecture) : undefined;
    const to = patchGrid(architecture);
    if (!from || (from.width === to.width && from.height === to.height)) return values;
    return interpolatePositions(values, from, to, architecture);
  }

  #scaleLayer(stem: string, scaleName: CanonicalName): void {
    const factors = this.#small.get(scaleName)!;
    const bias = this.#biases.get(stem);
    const scales = this.#scales.get(stem);
    const weight = this.#finished.get(stem);
    const { width } = this.#shape;
    factors.forEach((factor, n) => {
      if (bias) bias[n] *= factor;
      if (scales) scales[n] *= factor;
      if (weight) for (let i = n; i < weight.length; i += width) weight[i] *= factor;
    });
  }

  /** Logits of a distilled DeiT are the mean of two heads: half of each, and of their biases. */
  #averageHeads(): void {
    const half = (values?: Int8Array | Float32Array) => values?.set(values.map((v) => v / 2));
    half(this.#biases.get("head"));
    // int8 weights themselves are not halved: only `finished`, which holds f32, is.
    half(this.#scales.get("head"));
    half(this.#finished.get("head"));
  }

  /** What the embedding adds to every row: positions, with the class tokens and the patches' bias on their rows. */
  #emitPatchTable(): void {
    const { architecture, emit, precision } = this.#options;
    const { tokens, width } = this.#shape;
    const { prefixTokens } = architecture;
    const positions = this.#small.get("positions")!;
    const prefix = [this.#small.get("class_token"), this.#small.get("distillation_token")];
    const bias = this.#patchBias(precision);
    const table = new Float32Array(tokens * width);
    for (let t = 0; t < tokens; t++)
      for (let c = 0; c < architecture.width; c++)
        table[t * width + c] =
          positions[t * architecture.width + c] + (t < prefixTokens ? prefix[t]![c] : bias[c]);
    emit("patch.table", table);
    this.#biases.set("patch", new Float32Array(width)); // it is in the table
  }

  #patchBias(precision: Precision): Float64Array {
    const bias = Float64Array.from(this.#biases.get("patch") ?? new Float32Array(this.#shape.width));
    if (precision === "int8") {
      const scales = this.#scales.get("patch")!;
      this.#patchOffsets.forEach((offset, n) => {
        bias[n] += offset * scales[n];
      });
    }
    return bias;
  }

  #norms(): string[] {
    const blocks = Array.from({ length: this.#options.architecture.depth }, (_, i) => `blocks.${i}`);
    return ["norm", ...blocks.flatMap((block) => [`${block}.norm1`, `${block}.norm2`])];
  }

  #emitNorm(name: string): void {
    for (const [leaf, binding] of [
      ["weight", "gamma"],
      ["bias", "beta"],
    ] as const) {
      const padded = new Float32Array(this.#shape.width);
      padded.set(this.#small.get(`${name}.${leaf}`)!);
      this.#options.emit(`${name}.${binding}`, padded);
    }
  }

  #stems(): string[] {
    const { depth, classes } = this.#options.architecture;
    const layers = ["qkv", "proj", "fc1", "fc2"];
    const blocks = Array.from({ length: depth }, (_, i) => layers.map((layer) => `blocks.${i}.${layer}`));
    return ["patch", ...blocks.flat(), ...(classes ? ["head"] : [])];
  }

  /** What one step reads of a layer and of the norm behind it: weight_scale, bias, gamma and beta, side by side. */
  #emitFusedVectors(): void {
    const { depth } = this.#options.architecture;
    for (let i = 0; i < depth; i++) {
      const [proj, fc1, fc2] = ["proj", "fc1", "fc2"].map((name) => `blocks.${i}.${name}`);
      const before = this.#vectorsOfTwo(i === 0 ? "patch" : `blocks.${i - 1}.fc2`, `blocks.${i}.norm1`);
      this.#options.emit(before.name, before.vectors);
      const own = this.#vectorsOfTwo(proj, `blocks.${i}.norm2`);
      const next = i < depth - 1 ? this.#vectorsOfTwo(fc2, `blocks.${i + 1}.norm1`).vectors : [];
      const wide =
        i < depth - 1 ? [fc1, `blocks.${i + 1}.qkv`].flatMap((stem) => this.#scaleAndBias(stem)) : [];
      this.#options.emit(own.name, Float32Array.of(...own.vectors, ...next, ...wide));
    }
  }

  #scaleAndBias(stem: string): number[] {
    const scales = this.#scales.get(stem)!;
    return [...scales, ...(this.#biases.get(stem) ?? new Float32Array(scales.length))];
  }

  #vectorsOfTwo(stem: string, norm: string): { name: string; vectors: Float32Array } {
    const { width } = this.#shape;
    const vectors = new Float32Array(4 * width);
    vectors.set(this.#scales.get(stem)!);
    vectors.set(this.#biases.get(stem) ?? [], width);
    vectors.set(this.#small.get(`${norm}.weight` as CanonicalName)!, 2 * width);
    vectors.set(this.#small.get(`${norm}.bias` as CanonicalName)!, 3 * width);
    return { name: `${fusedLabel(stem, norm)}.vectors`, vectors };
  }

  #emitVectors(stem: string): void {
    const { architecture, emit, precision } = this.#options;
    const { n } = linearLayout(stem, architecture, this.#shape)!;
    emit(`${stem}.bias`, this.#biases.get(stem) ?? new Float32Array(n));
    if (precision === "int8") emit(`${stem}.weight_scale`, this.#scales.get(stem)!);
  }
}

function finite(name: string, entry: TensorEntry, bytes: Uint8Array): Float32Array {
  const values = toFloat32(entry, bytes);
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i]))
      throw new ModelFormatError(
        `${name}: expected finite numbers, came ${values[i]} at ${i}; the checkpoint is broken`,
      );
  return values;
}
