/**
 * Quantizes models in a page, with published methods.
 *
 * @module vit8/quantize
 */
import { loadKept } from "../classifier/model.ts";
import { openPicture, type Picture } from "../classifier/picture.ts";
import { checkCall } from "../errors/check.ts";
import { until } from "../errors/until.ts";
import { type ModelSource, resolveFolder } from "../format/folder.ts";
import { openGpu } from "../gpu/gpu.ts";
import { type QuantizeOptions, quantizedFolder } from "./quantize-model.ts";

export type { Keep, KeptAs } from "./keep.ts";
export type { MethodName, Width } from "./methods.ts";
export type { QuantizeOptions, QuantizeProgress } from "./quantize-model.ts";
export type { Granularity } from "./weights.ts";

/** Options of `quantizeModel`. */
export interface QuantizeModelOptions extends QuantizeOptions {
  /** Calibration images for methods with static activations: up to 64, similar to those in use later. */
  readonly pictures?: readonly Picture[];
  /**
   * Revision of a Hub model: a branch, a tag, a commit or `refs/pr/1`.
   * @default "main"
   */
  readonly revision?: string;
  /**
   * URL of the Hub.
   * @default "https://huggingface.co"
   */
  readonly endpoint?: string | URL;
}

/**
 * Quantizes a float model. The same images and options give the same bytes on one machine, and the same as `vit8 quantize`. Blocks the thread
 * for seconds: call it in a worker, with images as Blobs or ImageBitmaps.
 * @param model a float model, as for `ImageClassifier.load`
 * @returns the files of a model folder by name, which `ImageClassifier.load` accepts
 * @throws RangeError for options that cannot be combined; UnsupportedModelError if the model is already quantized; UnsupportedDeviceError if a
 *   method needs images and WebGPU is not available; PictureError; the signal's reason
 */
export async function quantizeModel(
  model: ModelSource,
  { pictures = [], revision, endpoint, ...options }: QuantizeModelOptions = {},
): Promise<Record<string, Blob>> {
  checkCall(options);
  const { signal } = options;
  const folder = await resolveFolder(model, { revision, endpoint });
  const opened = pictures.map((picture) => () => until(signal, openPicture(picture, signal)));
  const files = await loadKept(folder, () => quantizedFolder(folder, opened, openGpu, options));
  return Object.fromEntries([...files].map(([name, pieces]) => [name, new Blob(pieces as BlobPart[])]));
}
