// How good logits are: against labels, and against the logits of a reference.

/** Shares of the images, 0 to 1. */
export interface Accuracy {
  readonly top1: number;
  readonly top5: number;
}

export interface Agreement {
  /** Share of the images with the same most probable class, 0 to 1. */
  readonly agreement: number;
  /** Cosine of the two rows of logits, the mean over the images. */
  readonly cosine: number;
  /** The largest difference of two logits. */
  readonly worstLogitError: number;
}

export function accuracyOf(logits: readonly Float32Array[], classes: readonly number[]): Accuracy {
  const within = (places: number) => meanOf(logits, (row, i) => Number(placeOf(row, classes[i]) < places));
  return { top1: within(1), top5: within(5) };
}

export function agreementOf(logits: readonly Float32Array[], reference: readonly Float32Array[]): Agreement {
  const worst = logits.map((row, i) => largestDifference(row, reference[i]));
  return {
    agreement: meanOf(logits, (row, i) => Number(placeOf(reference[i], firstClass(row)) === 0)),
    cosine: meanOf(logits, (row, i) => cosineOf(row, reference[i])),
    worstLogitError: worst.reduce((most, error) => (error > most || Number.isNaN(error) ? error : most), 0),
  };
}

/** The number of classes before this one, 0 for the most probable. With equal logits, the lower class index is first. */
export function placeOf(row: Float32Array, index: number): number {
  let place = 0;
  for (let i = 0; i < row.length; i++)
    if (row[i] > row[index] || (row[i] === row[index] && i < index)) place++;
  return place;
}

/** The most probable class. */
export function firstClass(row: Float32Array): number {
  let best = 0;
  for (let i = 1; i < row.length; i++) if (row[i] > row[best]) best = i;
  return best;
}

export function cosineOf(a: Float32Array, b: Float32Array): number {
  let [product, aSquared, bSquared] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    product += a[i] * b[i];
    aSquared += a[i] ** 2;
    bSquared += b[i] ** 2;
  }
  return product / Math.sqrt(aSquared * bSquared);
}

/** NaN if one of them is. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let worst = 0;
  for (let i = 0; i < a.length; i++) {
    const error = Math.abs(a[i] - b[i]);
    if (error > worst || Number.isNaN(error)) worst = error;
  }
  return worst;
}

function meanOf(rows: readonly Float32Array[], of: (row: Float32Array, i: number) => number): number {
  return rows.reduce((total, row, i) => total + of(row, i), 0) / rows.length;
}
