// How far a share of some hundred images can be trusted.

/** A share, 0 to 1, or a difference of two, and between which two values it lies with 95% confidence. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** The 97.5% quantile of the normal distribution. */
const Z = 1.959964;

/** Wilson's score interval (Wilson 1927), which is also valid for few images and shares near 0 or 1. */
export function shareOf(hits: readonly boolean[]): Estimate {
  const n = hits.length;
  const value = hits.filter(Boolean).length / n;
  const center = (value + Z ** 2 / (2 * n)) / (1 + Z ** 2 / n);
  const half = (Z / (1 + Z ** 2 / n)) * Math.sqrt((value * (1 - value)) / n + Z ** 2 / (4 * n ** 2));
  return { value, low: Math.max(0, center - half), high: Math.min(1, center + half) };
}

/**
 * Share of `a` minus share of `b` on the same images. Only images that one of the two gets right count, so the interval is much
 * narrower than those of the shares. Half an image is added to each of the four cases (Agresti and Min 2005), so that it is no
 * point where the two never differ.
 */
export function differenceOf(a: readonly boolean[], b: readonly boolean[]): Estimate {
  const n = a.length;
  const onlyA = a.filter((hit, i) => hit && !b[i]).length;
  const onlyB = b.filter((hit, i) => hit && !a[i]).length;
  const [p, q] = [(onlyA + 0.5) / (n + 2), (onlyB + 0.5) / (n + 2)];
  const half = Z * Math.sqrt((p + q - (p - q) ** 2) / (n + 2));
  return { value: (onlyA - onlyB) / n, low: p - q - half, high: p - q + half };
}
