// f64 references that several cases files share.

import { GROUP } from "../kernels/gemm.ts";
import { gelu } from "../quant/nonlinear.ts";

/** The activations between FC1 and FC2. */
export const ACTIVATE = {
  none: (x: number) => x,
  gelu: gelu.exact,
  gelu_tanh: gelu.fast,
  quick_gelu: (x: number) => x / (1 + Math.exp(-1.702 * x)),
  silu: (x: number) => x / (1 + Math.exp(-x)),
  relu: (x: number) => Math.max(x, 0),
  tanh: Math.tanh,
} as const;

/**
 * The rows of `width` in int8 except for an outlier, whose magnitude is more than twice the second-largest: then the second sets the scale,
 * but at least a 128th of the outlier. out_scale [rows, 3]: scale, excess of the outlier over 127 steps, its channel.
 */
export function quantizeRows(y: Float64Array, width: number): { out: Float64Array; out_scale: Float64Array } {
  const rows = Array.from({ length: y.length / width }, (_, row) =>
    y.subarray(row * width, (row + 1) * width),
  );
  const quantized = rows.map((row) => {
    const [first, second] = row.map(Math.abs).sort().reverse();
    const limit = first > 2 * second ? Math.max(second, first / 128) : first;
    const steps = row.map((value) => (limit ? Math.round((value * 127) / limit) : 0));
    const channel = Math.max(
      0,
      steps.findIndex((value) => Math.abs(value) > 127),
    );
    const out = steps.map((value) => Math.max(-127, Math.min(127, value)));
    return { out, scale: [limit / 127, steps[channel] - out[channel], channel] };
  });
  return {
    out: Float64Array.from(quantized.flatMap(({ out }) => [...out])),
    out_scale: Float64Array.from(quantized.flatMap(({ scale }) => scale)),
  };
}

/** Symmetric int8 with one scale per `width` neighbors: scale = peak / 127, q = round(y / scale). */
export function quantizeGroups(
  y: ArrayLike<number>,
  width = GROUP,
): { out: Float64Array; out_scale: Float64Array } {
  const out = new Float64Array(y.length);
  const out_scale = new Float64Array(y.length / width);
  for (let g = 0; g < out_scale.length; g++) {
    let peak = 0;
    for (let i = g * width; i < (g + 1) * width; i++) peak = Math.max(peak, Math.abs(y[i]));
    out_scale[g] = peak / 127;
    for (let i = g * width; i < (g + 1) * width; i++) out[i] = peak ? Math.round((y[i] * 127) / peak) : 0;
  }
  return { out, out_scale };
}
