// From the outputs of a detection model to objects, like transformers' post_process_object_detection.

import { checkCount, checkNames } from "../errors/check.ts";
import { topClasses } from "./answer.ts";

/** Options of `detect`. */
export interface DetectOptions {
  /**
   * Minimum score, 0 to 1.
   * @default 0.5
   */
  readonly threshold?: number;
  /** Maximum number of objects; without it, all. */
  readonly topK?: number;
  /** Aborts the call. */
  readonly signal?: AbortSignal;
}

const OPTIONS = { threshold: 0, topK: 0, signal: 0 } satisfies Record<keyof DetectOptions, 0>;

/** A box in pixels of the image, from its top left corner. It may extend beyond the image. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** An object in an image. */
export interface Detection {
  readonly label: string;
  /** Class index. */
  readonly index: number;
  /** Probability, 0 to 1: the softmax over all classes and "nothing". */
  readonly score: number;
  readonly box: Box;
}

/** The outputs of a detection model for one image. */
export interface Found {
  /** [objects, classes + 1]: the last class is "nothing". */
  readonly logits: Float32Array;
  /** [objects, 4] before their sigmoid: center x, center y, width and height as fractions of the image. */
  readonly boxes: Float32Array;
  /** Size of the image in pixels. */
  readonly width: number;
  readonly height: number;
}

/** Detects objects with `find`. @throws RangeError for an unknown option, a `threshold` outside 0 to 1, or a `topK` that is not a whole number of 1 or more */
export async function detections<P>(
  labels: readonly string[],
  picture: P,
  options: DetectOptions,
  find: (picture: P) => Promise<Found>,
): Promise<Detection[]> {
  checkNames(options, OPTIONS);
  const { threshold = 0.5, topK = Number.MAX_SAFE_INTEGER } = options;
  if (!(threshold >= 0 && threshold <= 1))
    throw new RangeError(`threshold: expected a number from 0 to 1, got ${threshold}.`);
  checkCount("topK", topK);
  if (Array.isArray(picture))
    throw new RangeError("detect: expected one image, got a list. Call it for each image.");
  const found = await find(picture);
  const classes = labels.length + 1;
  const objects = Array.from({ length: found.boxes.length / 4 }, (_, i): Detection => {
    const scored = topClasses(found.logits.subarray(i * classes, (i + 1) * classes), labels, classes);
    const { index, score } = scored.find(({ index }) => index < labels.length)!;
    return { label: labels[index], index, score, box: boxOf(found, i) };
  });
  return objects
    .filter(({ score }) => score > threshold)
    .sort((a, b) => b.score - a.score)
    .slice(0, topK);
}

function boxOf({ boxes, width, height }: Found, i: number): Box {
  const share = (at: number) => 1 / (1 + Math.exp(-boxes[4 * i + at]));
  const size = { width: share(2) * width, height: share(3) * height };
  return { x: share(0) * width - size.width / 2, y: share(1) * height - size.height / 2, ...size };
}
