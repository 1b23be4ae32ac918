// Samples in a few numbers.

/** The middle and the borders of the middle four fifths. */
export interface Spread {
  readonly median: number;
  readonly p10: number;
  readonly p90: number;
  /** Samples. */
  readonly n: number;
}

export function spreadOf(samples: readonly number[]): Spread {
  const sorted = [...samples].sort((a, b) => a - b);
  const [p10, median, p90] = [0.1, 0.5, 0.9].map((share) => quantile(sorted, share));
  return { median, p10, p90, n: samples.length };
}

/** Interpolated between neighbours, as Hyndman and Fan's type 7. NaN of nothing. */
function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}
