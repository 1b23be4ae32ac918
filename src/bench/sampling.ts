// How often something is measured: long enough for a spread, not longer than anybody waits.

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

/** What `measure` says, again and again. */
export async function samplesOf(
  measure: () => Promise<number>,
  repeats: Repeats,
  signal?: AbortSignal,
): Promise<number[]> {
  const samples: number[] = [];
  const start = performance.now();
  while (goesOn(samples.length, start, repeats)) {
    signal?.throwIfAborted();
    samples.push(await measure());
  }
  return samples;
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
