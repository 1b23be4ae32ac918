// f64 references that several cases files share.

import { GROUP } from "../kernels/gemm.ts";

/** erf by its Maclaurin series below 3, 1 - erfc by its continued fraction above: relative error below 1e-14. */
export function erf(x: number): number {
  const z = Math.abs(x);
  if (z > 6) return Math.sign(x);
  if (z < 3) {
    let term = z;
    let sum = z;
    for (let n = 1; n < 120; n++) {
      term *= (-z * z) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (z + fraction);
  return Math.sign(x) * (1 - Math.exp(-z * z) / (Math.sqrt(Math.PI) * (z + fraction)));
}

/** The activations between FC1 and FC2. */
export const ACTIVATE = {
  none: (x: number) => x,
  gelu: (x: number) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)),
  gelu_tanh: (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
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
