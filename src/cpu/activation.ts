// The functions between FC1 and FC2, as shaders/lib/gelu.wgsl has them, in f64.

import type { Activation } from "../kernels/gemm.ts";

/** Abramowitz and Stegun, "Handbook of Mathematical Functions", 7.1.26: off by 1.5e-7 at most. */
function erf(x: number): number {
  const z = Math.abs(x);
  const t = 1 / (1 + 0.3275911 * z);
  const p = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - p * Math.exp(-z * z));
}

const FUNCTIONS: Record<Exclude<Activation, "none">, (x: number) => number> = {
  gelu: (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)),
  gelu_tanh: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))),
  quick_gelu: (x) => x / (1 + Math.exp(-1.702 * x)),
};

/** In place. */
export function activate(y: Float32Array, activation: Activation = "none"): void {
  if (activation === "none") return;
  const f = FUNCTIONS[activation];
  for (let i = 0; i < y.length; i++) y[i] = f(y[i]);
}
