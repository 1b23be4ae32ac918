/**
 * Zero-shot classification in a page: CLIP and SigLIP.
 *
 * @module vit8/zero-shot
 */
import type { LoadOptions } from "../classifier/api.ts";
import { LocalClassifier, pagePlatform } from "../classifier/local-classifier.ts";
import type { Picture } from "../classifier/picture.ts";
import { checkCall } from "../errors/check.ts";
import { part } from "../errors/part.ts";
import type { ModelSource } from "../format/folder.ts";
import { LocalTextTower } from "../text/text-tower.ts";
import { ZeroShotClassifier as Classifier } from "../text/zero-shot.ts";
import { ImageClassifier } from "../worker/load.ts";

export type { TextOptions, TextProgress } from "../text/text-embeddings.ts";
export type { EmbedTextOptions, ZeroShotOptions } from "../text/zero-shot.ts";

/** Both towers of a CLIP or SigLIP model. */
export interface ZeroShotClassifier extends Classifier<Picture> {}

/** Loads CLIP and SigLIP models. */
export const ZeroShotClassifier = {
  /**
   * Loads both towers of a CLIP or SigLIP model, with the same arguments as `ImageClassifier.load`. With `worker`, both towers run in the
   * worker. Needs the package `@huggingface/tokenizers`.
   * @returns the classifier, compiled and self-tested
   * @throws as `ImageClassifier.load`; UnsupportedModelError if the text tower is not supported, before any weights are downloaded
   */
  async load(model: ModelSource, options: LoadOptions = {}): Promise<ZeroShotClassifier> {
    checkCall(options);
    const folder = await pagePlatform.openFolder(model, options);
    const load = {
      images: (how: LoadOptions) => ImageClassifier.load(model, how),
      // On the device of the image tower. The main thread of a page computes nothing on the CPU.
      texts: async (how: LoadOptions, images: ImageClassifier) =>
        images instanceof LocalClassifier
          ? LocalTextTower.loadOn(pagePlatform, folder, how, options.device)
          : (await part(import("../worker/text-tower.ts"))).loadTextInWorker(model, how),
    };
    return Classifier.loadWith<Picture>(folder, load, options);
  },
};
