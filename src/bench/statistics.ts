// Samples in a few numbers.

import { type Rng, seeded } from "../testing/cases.ts";

/** The middle and the borders of the middle four fifths. */
export interface Spread {
  readonly median: number;
  readonly p10: number;
  readonly p90: number;
  /** Samples. */
  readonly n: number;
  /** The samples themselves, in the order in which they were taken. */
  readonly samples: readonly number[];
}

export function spreadOf(samples: readonly number[]): Spread {
  const [p10, median, p90] = quantilesOf(samples, [0.1, 0.5, 0.9]);
  return { median, p10, p90, n: samples.length, samples };
}

/** The median of the last quarter over that of the first: 1 where nothing warms up or is throttled. Undefined below 8 samples. */
export function driftOf(samples: readonly number[]): number | undefined {
  if (samples.length < 8) return undefined;
  const quarter = Math.floor(samples.length / 4);
  return medianOf(samples.slice(-quarter)) / medianOf(samples.slice(0, quarter));
}

/** A ratio of two medians, and between which two it lies with 95% confidence. */
export interface Ratio {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

export const RESAMPLES = 2000;

/**
 * median(a) / median(b) with its percentile interval over 2000 seeded resamples (Efron and Tibshirani, An Introduction to the
 * Bootstrap, 1993, section 13.3). Samples count as independent: what shifts a whole run is not in the interval.
 */
export function ratioOf(a: readonly number[], b: readonly number[]): Ratio {
  const draw = seeded(1);
  const ratios = Array.from(
    { length: RESAMPLES },
    () => medianOf(resampled(draw, a)) / medianOf(resampled(draw, b)),
  );
  const [low, high] = quantilesOf(ratios, [0.025, 0.975]);
  return { ratio: medianOf(a) / medianOf(b), low, high };
}

/** As many as there are, each drawn from all of them. */
export const resampled = <T>(draw: Rng, from: readonly T[]): T[] =>
  Array.from(draw.f32(from.length), (x) => from[Math.floor(((x + 1) / 2) * from.length)]);

export function medianOf(samples: readonly number[]): number {
  return quantilesOf(samples, [0.5])[0];
}

export function quantilesOf(samples: readonly number[], shares: readonly number[]): number[] {
  const sorted = [...samples].sort((a, b) => a - b);
  return shares.map((share) => quantile(sorted, share));
}

/** Interpolated between neighbors, as Hyndman and Fan's type 7. NaN of nothing. */
function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}
