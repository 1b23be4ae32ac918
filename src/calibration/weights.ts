// Weights on few levels: symmetric, one scale per output channel, q = round(w / scale) within +-(2^(bits - 1) - 1).

import type { Linear } from "./layers.ts";
import { cholesky, inverse } from "./linear-algebra.ts";

export interface QuantizedWeight {
  /** [out, in]. */
  readonly q: Int8Array;
  /** [out]. */
  readonly scale: Float32Array;
}

/** Scale of a row of weights. */
export type ScaleOf = (row: Float32Array, high: number) => number;

export const absMax: ScaleOf = (row, high) => {
  let peak = 0;
  for (const value of row) peak = Math.max(peak, Math.abs(value));
  return Math.fround(peak / high);
};

/** Of the greatest magnitude shrunk by 0 to 58 % the scale with the least squared error (Choukroun et al. 2019, OMSE). */
export const leastSquaresScale: ScaleOf = (row, high) => {
  const whole = absMax(row, high);
  let [least, chosen] = [Number.POSITIVE_INFINITY, whole];
  for (let i = 0; i < 30; i++) {
    const scale = Math.fround(whole * (1 - i / 50));
    let error = 0;
    for (let k = 0; k < row.length; k++) error += (level(row[k], scale, high) * scale - row[k]) ** 2;
    if (error < least) [least, chosen] = [error, scale];
  }
  return chosen;
};

export function quantizeWeight(
  { weight, out, inputs }: Linear,
  bits: number,
  scaleOf: ScaleOf,
): QuantizedWeight {
  const high = 2 ** (bits - 1) - 1;
  const q = new Int8Array(weight.length);
  const scale = new Float32Array(out);
  for (let n = 0; n < out; n++) {
    const row = weight.subarray(n * inputs, (n + 1) * inputs);
    scale[n] = scaleOf(row, high);
    for (let k = 0; k < inputs; k++) q[n * inputs + k] = level(row[k], scale[n], high);
  }
  return { q, scale };
}

/**
 * The same levels, but what rounding one column costs is made up for by the columns after it, as far as inputs with this
 * Gram matrix [in, in] allow (Frantar et al. 2023, GPTQ, section 3.2).
 */
export function quantizeCompensated(
  { weight, out, inputs }: Linear,
  bits: number,
  scaleOf: ScaleOf,
  inputGram: Float64Array,
): QuantizedWeight {
  const high = 2 ** (bits - 1) - 1;
  const rest = Float64Array.from(weight);
  const scale = Float32Array.from({ length: out }, (_, n) =>
    scaleOf(weight.subarray(n * inputs, (n + 1) * inputs), high),
  );
  const lower = cholesky(inverse(cholesky(inputGram, inputs, damping(inputGram, inputs)), inputs), inputs);
  const q = new Int8Array(weight.length);
  for (let n = 0; n < out; n++) {
    const from = n * inputs;
    for (let k = 0; k < inputs; k++) {
      q[from + k] = level(rest[from + k], scale[n], high);
      const error = (rest[from + k] - q[from + k] * scale[n]) / lower[k * inputs + k];
      for (let j = k + 1; j < inputs; j++) rest[from + j] -= error * lower[j * inputs + k];
    }
  }
  return { q, scale };
}

/** A hundredth of the mean of the diagonal, as GPTQ has it. */
export function damping(inputGram: Float64Array, inputs: number): number {
  let trace = 0;
  for (let i = 0; i < inputs; i++) trace += inputGram[i * inputs + i];
  return (0.01 * trace) / inputs + 1e-9;
}

function level(value: number, scale: number, high: number): number {
  if (scale === 0) return 0;
  const scaled = value / scale;
  const rounded = scaled < 0 ? -Math.floor(0.5 - scaled) : Math.floor(scaled + 0.5);
  return rounded > high ? high : rounded < -high ? -high : rounded;
}
