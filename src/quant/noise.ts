// The distance of quantized values from the original ones: signal to quantization noise.

import { limitOf } from "./outlier.ts";
import { quantizeRow } from "./quantize.ts";

/** Accumulates over any number of tensors. */
export class Noise {
  #signal = 0;
  #noise = 0;

  /** Two tensors of one length. */
  add(reference: Float32Array, got: Float32Array): void {
    for (let i = 0; i < reference.length; i++) {
      this.#signal += reference[i] ** 2;
      this.#noise += (got[i] - reference[i]) ** 2;
    }
  }

  /** 10 log10(sum of squares of the reference / sum of squares of the errors); infinite without an error. */
  get decibels(): number {
    return 10 * Math.log10(this.#signal / this.#noise);
  }
}

/** Rounds values to int8 with a scale for each `group` of them: symmetric, the largest magnitude is 127. */
export function throughInt8(values: Float32Array, group: number): Float32Array {
  const rounded = new Float32Array(values.length);
  const q = new Int8Array(group);
  for (let from = 0; from < values.length; from += group) {
    const scale = quantizeRow(values.subarray(from, from + group), q);
    for (let i = 0; i < group; i++) rounded[from + i] = q[i] * scale;
  }
  return rounded;
}

/** The same of rows of `width` that keep their outlier in 16 bits. */
export function throughRows(values: Float32Array, width: number): Float32Array {
  const rounded = new Float32Array(values.length);
  for (let from = 0; from < values.length; from += width) {
    const row = values.subarray(from, from + width);
    const scale = limitOf(row) / 127;
    if (scale > 0)
      rounded.set(
        row.map((value) => Math.round(value / scale) * scale),
        from,
      );
  }
  return rounded;
}
