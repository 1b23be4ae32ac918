// Many images of which some may be bad: each has its own result, and the good ones fill the batches.

import { PictureError } from "../errors/errors.ts";
import { until } from "../errors/until.ts";
import type { PictureSource } from "./picture.ts";

interface Opened {
  /** Which of the images it is. */
  readonly index: number;
  readonly source: PictureSource;
}

/**
 * A result for each of `pictures`, as from `Promise.allSettled`. `open` rejects for a bad image, and `run` with a PictureError if one of a
 * batch cannot be read. The next batch is opened and queued while one runs.
 * @throws other errors of `run`, and the signal's reason
 */
export async function settled<P, T>(
  pictures: readonly P[],
  maxBatch: number,
  signal: AbortSignal | undefined,
  open: (picture: P) => Promise<PictureSource>,
  run: (sources: readonly PictureSource[]) => Promise<T[]>,
): Promise<PromiseSettledResult<T>[]> {
  const results: PromiseSettledResult<T>[] = [];
  let next = 0;
  const take = async () => {
    const batch: Opened[] = [];
    while (batch.length < maxBatch && next < pictures.length && !signal?.aborted) {
      const from = next;
      next += maxBatch - batch.length;
      const opening = pictures.slice(from, next).map((picture) => opened(open(picture), signal));
      for (const [i, result] of (await Promise.allSettled(opening)).entries())
        if (result.status === "fulfilled") batch.push({ index: from + i, source: result.value });
        else results[from + i] = result;
    }
    return batch;
  };
  const runEach = async (batch: readonly Opened[]): Promise<void> => {
    try {
      const values = await run(batch.map(({ source }) => source));
      for (const [i, { index }] of batch.entries())
        results[index] = { status: "fulfilled", value: values[i] };
    } catch (reason) {
      if (signal?.aborted || !(reason instanceof PictureError)) throw reason;
      // Only running each image alone shows which one failed.
      if (batch.length > 1) for (const one of batch) await runEach([one]);
      else results[batch[0].index] = { status: "rejected", reason };
    }
  };
  let before: Promise<void> | undefined;
  for (let batch = await take(); batch.length > 0; batch = await take()) {
    const running = runEach(batch).finally(() => {
      for (const { source } of batch) source.close();
    });
    running.catch(() => {}); // thrown below, unless an earlier batch has failed
    await before;
    before = running;
  }
  await before;
  signal?.throwIfAborted();
  return results;
}

/** An image that opens after the signal is closed. */
function opened(opening: Promise<PictureSource>, signal: AbortSignal | undefined): Promise<PictureSource> {
  const source = until(signal, opening);
  source.catch(() => opening.then((late) => late.close())).catch(() => {});
  return source;
}
