// The observations of a tensor for calibration: the range of every channel over all images, and some whole rows.

/** Some rows of a tensor, [rows, columns]. */
export interface Sample {
  readonly values: Float32Array;
  readonly columns: number;
}

export interface Observed extends Sample {
  /** Per column, over every row of every image. */
  readonly least: Float32Array;
  readonly greatest: Float32Array;
  /** Range of the whole tensor, image by image. */
  readonly ranges: readonly Range[];
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** One column of the sampled rows. */
export function channelOf({ values, columns }: Sample, column: number): Float32Array {
  return Float32Array.from({ length: values.length / columns }, (_, row) => values[row * columns + column]);
}

/** Numbers in [0, 1) that depend on the seed alone (Park and Miller's minimal standard). */
export function randomFrom(seed: number): () => number {
  let state = (Math.abs(Math.trunc(seed)) % 2147483646) + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return (state - 1) / 2147483646;
  };
}

/** `count` of them by the seed, in their order. */
export function chosen<T>(from: readonly T[], count: number, seed: number): T[] {
  const random = randomFrom(seed);
  const picked = new Set<number>();
  while (picked.size < Math.min(count, from.length)) picked.add(Math.floor(random() * from.length));
  return [...picked].sort((a, b) => a - b).map((i) => from[i]);
}

/** Gathers one tensor image by image. */
export class Observer {
  readonly #columns: readonly number[];
  readonly #least: Float32Array;
  readonly #greatest: Float32Array;
  readonly #ranges: Range[] = [];
  readonly #rows: Float32Array[] = [];

  /** `columns` of the tensor in memory that are not padding. */
  constructor(columns: readonly number[]) {
    this.#columns = columns;
    this.#least = new Float32Array(columns.length).fill(Number.POSITIVE_INFINITY);
    this.#greatest = new Float32Array(columns.length).fill(Number.NEGATIVE_INFINITY);
  }

  /** An image's [rows, stride]; keeps the rows of these numbers. */
  add(values: Float32Array, stride: number, kept: ReadonlySet<number>): void {
    let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let row = 0; row * stride < values.length; row++) {
      const copy = kept.has(row) ? new Float32Array(this.#columns.length) : undefined;
      for (const [c, column] of this.#columns.entries()) {
        const value = values[row * stride + column];
        if (value < this.#least[c]) this.#least[c] = value;
        if (value > this.#greatest[c]) this.#greatest[c] = value;
        if (value < min) min = value;
        if (value > max) max = value;
        if (copy) copy[c] = value;
      }
      if (copy) this.#rows.push(copy);
    }
    this.#ranges.push({ min, max });
  }

  finish(): Observed {
    const columns = this.#columns.length;
    const values = new Float32Array(this.#rows.length * columns);
    for (const [i, row] of this.#rows.entries()) values.set(row, i * columns);
    this.#rows.length = 0;
    return { values, columns, least: this.#least, greatest: this.#greatest, ranges: this.#ranges };
  }
}
