// Activations to int8 while the network runs: the arithmetic of shaders/lib/pack.wgsl and shaders/lib/outlier.wgsl.

import { limitOf, ROW_SCALE } from "../quant/outlier.ts";

/** Adding and taking it away rounds an f64 to an integer, ties to even, as WGSL's round does. */
const ROUNDER = 1.5 * 2 ** 52;

/** Each `width` neighbors of y get one scale: scale = max |y| / 127, out = round(y / scale). */
export function quantizeGroups(y: Float32Array, width: number, out: Int8Array, outScale: Float32Array): void {
  for (let group = 0; group * width < y.length; group++) {
    const from = group * width;
    const end = from + width;
    let peak = 0;
    for (let i = from; i < end; i++) peak = Math.max(peak, Math.abs(y[i]));
    const inverse = peak > 1e-30 ? 127 / peak : 0;
    for (let i = from; i < end; i++) out[i] = y[i] * inverse + ROUNDER - ROUNDER;
    outScale[group] = peak / 127;
  }
}

/** Each `width` neighbors of y are a row; outScale [rows, 3] gets its scale, and the excess and the channel of its outlier. */
export function quantizeRows(y: Float32Array, width: number, out: Int8Array, outScale: Float32Array): void {
  for (let row = 0; row * width < y.length; row++) {
    const values = y.subarray(row * width, (row + 1) * width);
    const limit = limitOf(values);
    const inverse = limit > 1e-30 ? 127 / limit : 0;
    const scale = [limit / 127, 0, 0];
    for (let channel = 0; channel < width; channel++) {
      const steps = values[channel] * inverse + ROUNDER - ROUNDER;
      const kept = Math.max(-127, Math.min(127, steps));
      out[row * width + channel] = kept;
      if (steps !== kept) scale.splice(1, 2, steps - kept, channel);
    }
    outScale.set(scale, row * ROW_SCALE);
  }
}
