// Loads a page's classifier: on the page's thread, in a worker, or on the CPU.

import type { ImageClassifier as Classifier, LoadOptions } from "../classifier/api.ts";
import { isDeviceFault, type Reason } from "../classifier/device.ts";
import { LocalClassifier, pagePlatform } from "../classifier/local-classifier.ts";
import type { Picture } from "../classifier/picture.ts";
import { checkNames } from "../errors/check.ts";
import { part } from "../errors/part.ts";
import type { ModelSource } from "../format/folder.ts";

/** A page stays responsive only if its own thread is free. */
const ON_PAGE = "document" in globalThis;

/** A loaded model. */
export interface ImageClassifier<P = Picture> extends Classifier<P> {}

/** Loads Vision Transformers. */
export const ImageClassifier = {
  /**
   * Loads a model. Float weights are quantized to int8 during the download. A failed load releases its GPU memory.
   * @param model a Hub id (`facebook/deit-tiny-patch16-224`), the URL of a model folder, the `File`s of a folder, or bytes by file name
   * @returns the classifier, compiled and self-tested
   * @throws UnsupportedDeviceError for `device: "webgpu"` without WebGPU; UnsupportedModelError, ModelFormatError or ModelLoadError for a bad
   *   model; the signal's reason
   * @example
   * const classifier = await ImageClassifier.load("facebook/deit-tiny-patch16-224");
   * const predictions = await classifier.classify(image);
   */
  async load(model: ModelSource, options: LoadOptions = {}): Promise<ImageClassifier> {
    checkNames(options);
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
