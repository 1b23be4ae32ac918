/**
 * Quantizes models in a page, with published methods.
 *
 * @module vit8/quantize
 */
import { loadKept } from "../classifier/model.ts";
import { openPicture, type Picture } from "../classifier/picture.ts";
import { checkCall, checkNames } from "../errors/check.ts";
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

const OPTIONS = {
  method: 0,
  bits: 0,
  pictures: 0,
  images: 0,
  seed: 0,
  weights: 0,
  keep: 0,
  biasCorrection: 0,
  normInputs: 0,
  pictureHashes: 0,
  revision: 0,
  endpoint: 0,
  signal: 0,
  onProgress: 0,
} satisfies Record<keyof QuantizeModelOptions, 0>;

/**
 * Quantizes a float model. The same images and options give the same bytes on one machine, and the same as `vit8 quantize`. Blocks the thread
 * for seconds: call it in a worker, with images as Blobs or ImageBitmaps.
 * @param model a float model, as for `ImageClassifier.load`
 * @returns the files of a model folder by name, which `ImageClassifier.load` accepts
 * @throws RangeError for unknown options, or options that cannot be combined; UnsupportedModelError if the model is already quantized; UnsupportedDeviceError if a
 *   method needs images and WebGPU is not available; PictureError; the signal's reason
 */
export async function quantizeModel(
  model: ModelSource,
  options: QuantizeModelOptions = {},
): Promise<Record<string, Blob>> {
  checkNames(options, OPTIONS);
  checkCall(options);
  const { pictures = [], revision, endpoint, ...how } = options;
  const { signal } = options;
  const folder = await resolveFolder(model, { revision, endpoint });
  const opened = pictures.map((picture) => () => until(signal, openPicture(picture, signal)));
  const files = await loadKept(folder, () => quantizedFolder(folder, opened, openGpu, how));
  return Object.fromEntries([...files].map(([name, pieces]) => [name, new Blob(pieces as BlobPart[])]));
}
