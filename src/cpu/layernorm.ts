// LayerNorm over rows on the CPU.

import type { LayerNormProblem } from "../kernels/layernorm.ts";
import { quantizeRows } from "./quantize.ts";

type Operands = Record<"x" | "gamma" | "beta", Float32Array>;

export function layernorm(
  { rows, width, stride, eps }: LayerNormProblem,
  { x, gamma, beta, out }: Operands & { readonly out: Float32Array },
): void {
  for (let from = 0; from < rows * stride; from += stride) {
    let sum = 0;
    for (let c = 0; c < width; c++) sum += x[from + c];
    const mean = sum / width;
    let squares = 0;
    for (let c = 0; c < width; c++) squares += (x[from + c] - mean) ** 2;
    const inverseDeviation = 1 / Math.sqrt(squares / width + eps);
    for (let c = 0; c < stride; c++)
      out[from + c] = (x[from + c] - mean) * inverseDeviation * gamma[c] + beta[c];
  }
}

/** int8 out with a scale per row, and 16 bits for its outlier. */
export function layernormQuantize(
  problem: LayerNormProblem,
  arrays: Operands & { readonly out: Int8Array; readonly out_scale: Float32Array },
): void {
  const y = new Float32Array(problem.rows * problem.stride);
  layernorm(problem, { ...arrays, out: y });
  quantizeRows(y, problem.stride, arrays.out, arrays.out_scale);
}
