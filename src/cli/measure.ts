// Runs a model over many images, decoding ahead, so that the time is the GPU's.

import type { Report } from "../classifier/api.ts";
import type { PixelData } from "../classifier/picture.ts";
import { PictureError } from "../errors/errors.ts";
import type { NodeClassifier } from "../node/index.ts";
import { refuseNone, tryPicture } from "./good-pictures.ts";

export interface MeasureOptions {
  /** Images in one submit. */
  readonly batch: number;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
  /** Called with the error of a bad image, which is left out. */
  readonly onBad: (error: PictureError) => void;
}

export interface Measurement {
  /** One row for each image; undefined for a bad one. */
  readonly logits: readonly (Float32Array | undefined)[];
  /** From decoded pixels to logits on the CPU, for one image. */
  readonly msPerImage: number;
  /** With the dispatches of a whole batch. */
  readonly report: Report;
}

export async function measure(
  classifier: NodeClassifier,
  files: readonly string[],
  { batch, signal, onProgress, onBad }: MeasureOptions,
): Promise<Measurement> {
  const logits = new Array<Float32Array | undefined>(files.length).fill(undefined);
  const warm = new Set<number>();
  let [dispatches, elapsedMs, done] = [0, 0, 0];
  for await (const chosen of decodedBatches(files, batch, onBad)) {
    const pictures = chosen.map(({ picture }) => picture);
    // The first run of a batch size compiles and allocates, which is not measured.
    if (!warm.has(pictures.length)) await classifier.logits(pictures, { signal });
    warm.add(pictures.length);
    const start = performance.now();
    const rows = await classifier.logits(pictures, { signal });
    elapsedMs += performance.now() - start;
    for (const [i, { index }] of chosen.entries()) logits[index] = rows[i];
    done += rows.length;
    dispatches ||= classifier.report.dispatches;
    onProgress(chosen.at(-1)!.index + 1, files.length);
  }
  refuseNone(done, files.length);
  return { logits, msPerImage: elapsedMs / done, report: { ...classifier.report, dispatches } };
}

/** Yields decoded batches, full ones except for the last. While one is in use, the next is decoded. */
async function* decodedBatches(files: readonly string[], batch: number, onBad: MeasureOptions["onBad"]) {
  let start = 0;
  const decode = async () => {
    const good: { index: number; picture: PixelData }[] = [];
    while (good.length < batch && start < files.length) {
      const from = start;
      start += batch - good.length;
      const pictures = await Promise.all(files.slice(from, start).map((file) => tryPicture(file)));
      for (const [i, picture] of pictures.entries())
        if (picture instanceof PictureError) onBad(picture);
        else good.push({ index: from + i, picture });
    }
    return good;
  };
  let next = decode();
  for (let pictures = await next; pictures.length > 0; pictures = await next) {
    next = decode();
    // Thrown when the next batch is requested, or dropped if it never is.
    next.catch(() => {});
    yield pictures;
  }
}
