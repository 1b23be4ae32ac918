// f64 references that several cases files share.

import { GROUP } from "../kernels/gemm.ts";
import { gelu } from "../quant/nonlinear.ts";

/** The activations between FC1 and FC2. */
export const ACTIVATE = {
  none: (x: number) => x,
  gelu: gelu.exact,
  gelu_tanh: gelu.fast,
  quick_gelu: (x: number) => x / (1 + Math.exp(-1.702 * x)),
} as const;

/** Symmetric int8 with one scale per `width` neighbours: scale = peak / 127, q = round(y / scale). */
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
