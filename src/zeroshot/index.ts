/**
 * Zero-shot classification in a page: CLIP and SigLIP.
 *
 * @module vit8/zero-shot
 */
import type { LoadOptions } from "../classifier/api.ts";
import { pagePlatform } from "../classifier/local-classifier.ts";
import type { Picture } from "../classifier/picture.ts";
import type { ModelSource } from "../format/folder.ts";
import { LocalTextTower } from "../text/text-tower.ts";
import { ZeroShotClassifier as Classifier } from "../text/zero-shot.ts";
import { ImageClassifier } from "../worker/load.ts";

export type { TextOptions, TextProgress } from "../text/text-embeddings.ts";
export type { EmbedTextOptions, ZeroShotOptions } from "../text/zero-shot.ts";

/** Both towers of a CLIP or SigLIP model. */
export interface ZeroShotClassifier extends Classifier<Picture> {}

export const ZeroShotClassifier = {
  /**
   * Loads both towers of a CLIP or SigLIP model, with the same arguments as `ImageClassifier.load`. With `worker`, the image tower runs in
   * the worker, and the text tower on this thread. Needs the package `@huggingface/tokenizers`.
   * @throws as `ImageClassifier.load`; UnsupportedModelError if the text tower is not supported, before any weights are downloaded
   */
  async load(model: ModelSource, options: LoadOptions = {}): Promise<ZeroShotClassifier> {
    const folder = await pagePlatform.openFolder(model, options);
    const load = {
      images: (how: LoadOptions) => ImageClassifier.load(model, how),
      texts: (how: LoadOptions) => LocalTextTower.loadOn(pagePlatform, folder, how),
    };
    return Classifier.loadWith<Picture>(folder, load, options);
  },
};
