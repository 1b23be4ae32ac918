/**
 * Quantised models made in a page, by the published methods.
 *
 * @module vit8/quantize
 */
import { loadKept } from "../classifier/model.ts";
import { openPicture, type Picture } from "../classifier/picture.ts";
import { until } from "../errors/until.ts";
import { type ModelSource, resolveFolder } from "../format/folder.ts";
import { openGpu } from "../gpu/gpu.ts";
import { type QuantizeOptions, quantizedFolder } from "./quantize-model.ts";

export type { MethodName, Width } from "./methods.ts";
export type { QuantizeOptions, QuantizeProgress } from "./quantize-model.ts";
export type { Granularity } from "./weights.ts";

/** What `quantizeModel` takes beside the model. */
export interface QuantizeModelOptions extends QuantizeOptions {
  /** What a method with static levels looks at: a handful like those that will come, 64 if there are as many. */
  readonly pictures?: readonly Picture[];
  /** Of a model on the Hub: a branch, a tag, a commit or `refs/pr/1`; default main. */
  readonly revision?: string;
  /** Where Hub ids are looked up; default https://huggingface.co. */
  readonly endpoint?: string | URL;
}

/**
 * The files of a quantised folder by name, which `ImageClassifier.load` takes as they are. The same pictures and options give
 * the same bytes on one machine, those of `vit8 quantize`. Takes seconds of the thread that it is called on, so call it in
 * a worker; pictures are then Blobs or bitmaps.
 * @throws RangeError for options that do not go together; UnsupportedModelError for a model that is quantised already;
 *   UnsupportedDeviceError without WebGPU, where pictures are looked at; PictureError; the signal's reason.
 */
export async function quantizeModel(
  model: ModelSource,
  { pictures = [], revision, endpoint, ...options }: QuantizeModelOptions = {},
): Promise<Record<string, Blob>> {
  const { signal } = options;
  const folder = await resolveFolder(model, { revision, endpoint });
  const opened = pictures.map((picture) => () => until(signal, openPicture(picture, signal)));
  const files = await loadKept(folder, () => quantizedFolder(folder, opened, openGpu, options));
  return Object.fromEntries([...files].map(([name, pieces]) => [name, new Blob(pieces as BlobPart[])]));
}
