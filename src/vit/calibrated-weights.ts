// What a calibrated model needs on the GPU besides packed weights: tables of levels, zero points in the biases, and f32
// weights where the levels that they meet are not uniform.

import type { VitArchitecture } from "../format/config.ts";
import { levelsTable } from "../kernels/quantize-levels.ts";
import type { Calibration } from "./calibration.ts";
import { type VitShape, vitShape } from "./shape.ts";

type Data = Int8Array | Float32Array;
export type Emit = (name: string, data: Data) => void;

/** The quantiser of what a layer reads. */
const INPUTS: Record<string, string> = { qkv: "norm1", proj: "attention", fc1: "norm2", fc2: "fc1" };

/** Stands between a WeightPacker and the GPU: takes what the packer emits, emits what the graph names. */
export class CalibratedWeights {
  readonly #calibration: Calibration;
  readonly #shape: VitShape;
  readonly #emit: Emit;
  /** Weights that wait for their scales, or the sums of their columns, by layer. */
  readonly #weights = new Map<string, Int8Array>();
  readonly #sums = new Map<string, Float64Array>();
  readonly #biases = new Map<string, Float32Array>();
  readonly #scales = new Map<string, Float32Array>();

  constructor(architecture: VitArchitecture, calibration: Calibration, emit: Emit) {
    this.#calibration = calibration;
    this.#shape = vitShape(architecture);
    this.#emit = emit;
    this.#emitTables();
    const { attentionWidth, mlpWidth } = this.#shape;
    emit("zeros", new Float32Array(Math.max(3 * attentionWidth, mlpWidth)));
  }

  accept(name: string, data: Data): void {
    const [, layer, leaf] = /^(blocks\.\d+\.(?:qkv|proj|fc1|fc2))\.(\w+)$/.exec(name) ?? [];
    if (!layer) this.#emit(name, data);
    else if (leaf === "weight") this.#acceptWeight(layer, data as Int8Array);
    else {
      (leaf === "bias" ? this.#biases : this.#scales).set(layer, data as Float32Array);
      this.#finish(layer);
    }
  }

  #acceptWeight(layer: string, data: Int8Array): void {
    if (this.#input(layer).kind === "uniform") {
      this.#sums.set(layer, columnSums(data, data.length / this.#depthOf(layer)));
      this.#emit(`${layer}.weight`, data);
    } else this.#weights.set(layer, data);
    this.#finish(layer);
  }

  /** Once weight, bias and scales are there, in whatever order. */
  #finish(layer: string): void {
    const [bias, scale] = [this.#biases.get(layer), this.#scales.get(layer)];
    const [sums, weight] = [this.#sums.get(layer), this.#weights.get(layer)];
    if (!bias || !scale || !(sums || weight)) return;
    const input = this.#input(layer);
    if (weight) this.#emit(`${layer}.weight`, dequantized(weight, scale));
    else this.#emit(`${layer}.weight_scale`, scale);
    // (q - zero) s w = q s w - zero s w: the second term is the same for every row.
    const shift = input.kind === "uniform" ? input.zero * Math.fround(input.scale as number) : 0;
    this.#emit(`${layer}.bias`, sums ? bias.map((b, n) => b - shift * scale[n] * sums[n]) : bias);
    for (const held of [this.#biases, this.#scales, this.#weights, this.#sums]) held.delete(layer);
  }

  #input(layer: string) {
    const [block, number, name] = layer.split(".");
    return this.#calibration.get(`${block}.${number}.${INPUTS[name]}`)!;
  }

  /** K of a layer, padded. */
  #depthOf(layer: string): number {
    const { width, attentionWidth, mlpWidth } = this.#shape;
    const name = layer.split(".")[2];
    return name === "proj" ? attentionWidth : name === "fc2" ? mlpWidth : width;
  }

  #emitTables(): void {
    const { width, attentionWidth, mlpWidth } = this.#shape;
    const columns: Record<string, number> = { attention: attentionWidth, fc1: mlpWidth };
    for (const [name, quantizer] of this.#calibration) {
      const [block, number, ...rest] = name.split(".");
      const part = rest.join(".");
      if (part === "softmax" || part === "key" || part === "value") continue;
      if (part === "query") this.#emitQkvTable(`${block}.${number}`);
      else
        this.#emit(
          `${name}.table`,
          levelsTable(columns[part] ?? width, (c) => [quantizer, c]),
        );
    }
  }

  #emitQkvTable(block: string): void {
    const { attentionWidth } = this.#shape;
    const parts = ["query", "key", "value"].map((part) => this.#calibration.get(`${block}.${part}`)!);
    const table = levelsTable(3 * attentionWidth, (c) => [
      parts[Math.floor(c / attentionWidth)],
      c % attentionWidth,
    ]);
    this.#emit(`${block}.qkv.table`, table);
  }
}

/** Of packed weights [k / 16, n, 16]: the sum of each output channel's. */
function columnSums(packed: Int8Array, n: number): Float64Array {
  const sums = new Float64Array(n);
  for (let i = 0; i < packed.length; i++) sums[(i >> 4) % n] += packed[i];
  return sums;
}

/** Packed weights [k / 16, n, 16] -> f32 [k, n]. */
function dequantized(packed: Int8Array, scale: Float32Array): Float32Array {
  const n = scale.length;
  const values = new Float32Array(packed.length);
  for (let i = 0; i < packed.length; i++) {
    const channel = (i >> 4) % n;
    const k = Math.floor((i >> 4) / n) * 16 + (i & 15);
    values[k * n + channel] = packed[i] * scale[channel];
  }
  return values;
}
