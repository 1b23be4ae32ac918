// How often something is measured: long enough for a spread, not longer than anybody waits.

/** Until `forMs` have passed or there are `atMost` samples, but `atLeast` so many. */
export interface Repeats {
  readonly forMs: number;
  readonly atLeast: number;
  readonly atMost: number;
}

export const STANDARD: Repeats = { forMs: 1000, atLeast: 5, atMost: 30 };
export const QUICK: Repeats = { forMs: 200, atLeast: 3, atMost: 10 };

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

export function goesOn(samples: number, start: number, { forMs, atLeast, atMost }: Repeats): boolean {
  return samples < atLeast || (samples < atMost && performance.now() - start < forMs);
}

/** Wall milliseconds of one call. */
export async function wallMs(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
