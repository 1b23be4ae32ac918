// Images opened for some work and closed after it, and many of them in batches.

import { until } from "../errors/until.ts";
import { numbered } from "./numbered.ts";
import type { PictureSource } from "./picture.ts";

export interface OpenOptions {
  readonly signal?: AbortSignal;
  readonly from?: { readonly index: number; readonly count: number };
}

/**
 * Opens the images for `work`, and always closes them after it.
 * @param from where the images begin, if they are some of `from.count`; errors say which of them it was
 */
export async function withOpened<P, T>(
  pictures: readonly P[],
  open: (picture: P, signal?: AbortSignal) => Promise<PictureSource>,
  work: (sources: readonly PictureSource[]) => Promise<T>,
  { signal, from }: OpenOptions,
): Promise<T> {
  const opening = pictures.map((picture) => open(picture, signal));
  try {
    const opened = await until(signal, Promise.allSettled(opening));
    const sources = opened.map((result, i) => {
      if (result.status === "fulfilled") return result.value;
      throw from ? numbered(result.reason, from.index + i, from.count) : result.reason;
    });
    return await work(sources);
  } finally {
    // Also close the images that finish opening after an error.
    for (const source of opening)
      source.then(
        (it) => it.close(),
        () => {},
      );
  }
}

/** The results of all batches, in order. While the device computes one, the images of the next are decoded and uploaded. */
export async function inBatches<P, T>(
  pictures: readonly P[],
  maxBatch: number,
  answer: (batch: readonly P[], first: number) => Promise<T[]>,
): Promise<T[]> {
  const ask = (first: number) => {
    const answers = answer(pictures.slice(first, first + maxBatch), first);
    answers.catch(() => {}); // thrown below, unless an earlier batch has failed
    return answers;
  };
  const results: T[] = [];
  let ahead = pictures.length > 0 ? ask(0) : undefined;
  for (let next = maxBatch; ahead; next += maxBatch) {
    const current = ahead;
    ahead = next < pictures.length ? ask(next) : undefined;
    results.push(...(await current));
  }
  return results;
}
