// Where a classifier of a page runs: on its own thread, in a worker, or on the CPU.

import type { ImageClassifier as Classifier, LoadOptions } from "../classifier/api.ts";
import { isDeviceFault, type Reason } from "../classifier/device.ts";
import { LocalClassifier, pagePlatform } from "../classifier/local-classifier.ts";
import type { Picture } from "../classifier/picture.ts";
import { part } from "../errors/part.ts";
import type { ModelSource } from "../format/folder.ts";

/** A page stays alive only while nobody computes on its own thread. */
const ON_PAGE = "document" in globalThis;

/** A loaded model, and what can be asked of it. */
export interface ImageClassifier<P = Picture> extends Classifier<P> {}

/** A Vision Transformer that names what is in pictures. */
export const ImageClassifier = {
  /**
   * Loads a model: a Hub id (`facebook/deit-tiny-patch16-224`), an address, the `File`s of a folder, or bytes by file name.
   * Float weights are quantised while they stream in.
   * @throws UnsupportedDeviceError without WebGPU, where it is asked for; UnsupportedModelError, ModelFormatError, ModelLoadError for what is
   *   wrong with the model; the signal's reason when aborted. Nothing stays on the GPU then.
   */
  async load(model: ModelSource, options: LoadOptions = {}): Promise<ImageClassifier> {
    const { device = "auto", worker = device === "cpu" && ON_PAGE, signal } = options;
    const inWorker = async (why?: Reason) =>
      (await part(import("./client.ts"))).loadInWorker(model, options, why);
    if (worker) return inWorker();
    if (device !== "auto" || !ON_PAGE) return LocalClassifier.loadOn(pagePlatform, model, options);
    const onGpu = { ...pagePlatform, onlyIfFaster: true };
    return LocalClassifier.loadOn(onGpu, model, { ...options, device: "webgpu" }).catch((error) => {
      if (signal?.aborted || !isDeviceFault(error)) throw error;
      const { message, reason, remedy, compared } = error;
      return inWorker({ message, reason, remedy, compared });
    });
  },
};
