// How often something is measured: long enough for a spread, not longer than anybody waits.

import { shown, watchHidden } from "./visibility.ts";

/** Until `forMs` have passed or there are `atMost` samples, but `atLeast` so many. */
export interface Repeats {
  readonly forMs: number;
  readonly atLeast: number;
  readonly atMost: number;
  /** After so long what there is must do, be it one sample. */
  readonly patienceMs?: number;
}

export const STANDARD: Repeats = { forMs: 1000, atLeast: 5, atMost: 30, patienceMs: 10_000 };
export const QUICK: Repeats = { forMs: 200, atLeast: 3, atMost: 10, patienceMs: 2000 };

/** The measurements, and the number of those that a hidden tab made invalid. */
export interface Samples<T> {
  readonly values: readonly T[];
  readonly discarded: number;
}

/** Repeats `measure`. */
export async function samplesOf<T>(
  measure: () => Promise<T>,
  repeats: Repeats,
  signal?: AbortSignal,
): Promise<Samples<T>> {
  const values: T[] = [];
  let discarded = 0;
  const start = performance.now();
  while (goesOn(values.length, start, repeats)) {
    signal?.throwIfAborted();
    await shown(signal);
    const hidden = watchHidden();
    const value = await measure();
    if (hidden()) discarded++;
    else values.push(value);
  }
  return { values, discarded };
}

export function goesOn(samples: number, start: number, repeats: Repeats): boolean {
  const { forMs, atLeast, atMost, patienceMs = Number.POSITIVE_INFINITY } = repeats;
  const elapsedMs = performance.now() - start;
  if (samples === 0) return true;
  return elapsedMs < patienceMs && (samples < atLeast || (samples < atMost && elapsedMs < forMs));
}

/** Wall milliseconds of one call. */
export async function wallMs(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
