// GELU, softmax and LayerNorm on numbers, in every form that `nonlinear` chooses from: for plots and tables of their error.
// `exact` is f64, `fast` its formula in f64; the others are the integers that the kernels compute, as numbers.

import { bitsOfAll, FRACTION } from "./dyadic.ts";
import { erf } from "./erf.ts";
import * as ibert from "./ibert.ts";
import { layerNorm as integerLayerNorm } from "./integer-layernorm.ts";
import * as ivit from "./ivit.ts";

const ONE = 2 ** FRACTION;
const fixedPoint = (gelu: (x: number) => number) => (x: number) => gelu(Math.round(x * ONE)) / ONE;

/** x -> GELU(x). */
export const gelu = {
  exact: (x: number) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)),
  fast: (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  ibert: fixedPoint(ibert.gelu),
  ivit: fixedPoint(ivit.gelu),
} as const;

/** An integer form of e^x for x <= 0: the scores of softmax have 16 binary places, weights 15. */
const power =
  ({ power, LOG2_E }: typeof ibert | typeof ivit) =>
  (x: number) =>
    power(Math.round(-x * LOG2_E * 2 ** 16)) / 2 ** 15;

/** x -> e^x for x <= 0, a part of softmax. */
export const exponential = {
  exact: Math.exp,
  fast: Math.exp,
  ibert: power(ibert),
  ivit: power(ivit),
} as const;

/** Scores to probabilities. */
export function softmax(scores: readonly number[], exp: (x: number) => number): number[] {
  const greatest = Math.max(...scores);
  const weights = scores.map((score) => exp(score - greatest));
  const mass = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / mass);
}

/** A row to the row less its mean, over its deviation; eps is 1e-6. */
export const layerNorm = {
  exact: (x: Float32Array) => {
    const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
    const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
    return Float64Array.from(x, (value) => (value - mean) / Math.sqrt(variance + 1e-6));
  },
  integer: (x: Float32Array) => {
    const [gamma, beta] = [new Float32Array(x.length).fill(1), new Float32Array(x.length)];
    const y = integerLayerNorm(bitsOfAll(x), bitsOfAll(gamma), bitsOfAll(beta), 1e-6);
    return Float64Array.from(y, (value) => value / ONE);
  },
} as const;
