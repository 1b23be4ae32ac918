// Runs a model over many pictures, decoding ahead, so that the time is the GPU's.

import type { Report } from "../classifier/image-classifier.ts";
import type { NodeClassifier } from "../node/index.ts";
import { readPicture } from "../node/picture.ts";

export interface MeasureOptions {
  /** Pictures in one submit. */
  readonly batch: number;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

export interface Measurement {
  /** One row for each picture. */
  readonly logits: Float32Array[];
  /** From decoded pixels to logits in hand, for one picture. */
  readonly msPerImage: number;
  /** With the dispatches of a whole batch. */
  readonly report: Report;
}

export async function measure(
  classifier: NodeClassifier,
  files: readonly string[],
  { batch, signal, onProgress }: MeasureOptions,
): Promise<Measurement> {
  const logits: Float32Array[] = [];
  const warm = new Set<number>();
  let dispatches = 0;
  let elapsedMs = 0;
  for await (const pictures of decodedBatches(files, batch)) {
    // The first run of a batch size compiles and allocates, which is not what is measured.
    if (!warm.has(pictures.length)) await classifier.logits(pictures, { signal });
    warm.add(pictures.length);
    const start = performance.now();
    logits.push(...(await classifier.logits(pictures, { signal })));
    elapsedMs += performance.now() - start;
    dispatches ||= classifier.report.dispatches;
    onProgress(logits.length, files.length);
  }
  return { logits, msPerImage: elapsedMs / files.length, report: { ...classifier.report, dispatches } };
}

/** Batch after batch of pixels; while one is in use the next is decoded. */
async function* decodedBatches(files: readonly string[], batch: number) {
  const decode = (start: number) =>
    Promise.all(files.slice(start, start + batch).map((file) => readPicture(file)));
  let next = decode(0);
  for (let start = 0; start < files.length; start += batch) {
    const pictures = await next;
    next = decode(start + batch);
    // Told when it is asked for, unless nobody asks any more.
    next.catch(() => {});
    yield pictures;
  }
}
