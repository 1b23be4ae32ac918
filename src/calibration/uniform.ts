// The range of the levels of a uniform quantizer: from the observed range, or by the remaining error.

import { nearest, type Quantizer, type Uniform } from "../quant/quantizer.ts";
import type { Observed, Range } from "./observe.ts";

/** Finds the range that levels should cover, of values as they were sampled. */
export type RangeOf = (observed: Pick<Observed, "values" | "ranges">, bits: number) => Range;

/** Asymmetric: scale = (max - min) / (2^bits - 1), and 0 is a level (Jacob et al. 2018, equation 12). */
export function uniformOver({ min, max }: Range, bits: number): Uniform {
  const [low, high] = [Math.min(0, min), Math.max(0, max)];
  const scale = Math.max((high - low) / (2 ** bits - 1), 1e-12);
  return {
    kind: "uniform",
    bits,
    scale: Math.fround(scale),
    zero: Math.round(-low / scale) - 2 ** (bits - 1),
  };
}

/** The whole range. */
export const minMax: RangeOf = ({ ranges }) => ({
  min: ranges.reduce((least, { min }) => Math.min(least, min), 0),
  max: ranges.reduce((most, { max }) => Math.max(most, max), 0),
});

/** Exponential moving average of the images' ranges (Jacob et al. 2018, section 3.1; decay 0.95 as in I-ViT). */
export const movingAverage: RangeOf = ({ ranges }) =>
  ranges.reduce((mean, { min, max }) => ({
    min: 0.95 * mean.min + 0.05 * min,
    max: 0.95 * mean.max + 0.05 * max,
  }));

const SHARES = [0.999, 0.9999, 0.99999];

/** The range between two quantiles, of 99.9, 99.99 and 99.999% that with the least squared error (RepQ-ViT, section 4.1). */
export const percentile: RangeOf = ({ values }, bits) => {
  const some = thinned(values, 200_000).sort();
  const at = (share: number) =>
    some[Math.min(some.length - 1, Math.max(0, Math.round(share * (some.length - 1))))];
  return best(
    SHARES.map((share) => ({ min: at(1 - share), max: at(share) })),
    thinned(values),
    bits,
  );
};

/** The range with the least squared error, among the whole range shrunk by 0 to 89% (Choukroun et al. 2019, OMSE; steps as in FQ-ViT). */
export const leastSquares: RangeOf = ({ values }, bits) => {
  const some = thinned(values);
  let [min, max] = [0, 0];
  for (const value of values) [min, max] = [Math.min(min, value), Math.max(max, value)];
  const candidates = Array.from({ length: 90 }, (_, i) => ({
    min: min * (1 - i / 100),
    max: max * (1 - i / 100),
  }));
  return best(candidates, some, bits);
};

const best = (candidates: readonly Range[], values: Float32Array, bits: number) =>
  leastOf(candidates, (range) => squaredError(values, uniformOver(range, bits)));

/** The first of the candidates with the least error. */
export function leastOf<T>(candidates: readonly T[], errorOf: (candidate: T) => number): T {
  const errors = candidates.map(errorOf);
  return candidates[errors.indexOf(Math.min(...errors))];
}

/** Sum of the squared errors of a quantizer. */
export function squaredError(values: Float32Array, quantizer: Quantizer): number {
  let total = 0;
  for (const value of values) total += (nearest(quantizer, value) - value) ** 2;
  return total;
}

/** At most `count` of the values, evenly spaced, with a stride that no number of columns divides. */
export function thinned(values: Float32Array, count = 20_000): Float32Array {
  if (values.length <= count) return values.slice();
  const stride = Math.ceil(values.length / count) | 1;
  return Float32Array.from({ length: Math.floor(values.length / stride) }, (_, i) => values[i * stride]);
}
