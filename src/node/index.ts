/**
 * vit8 in Node: the same classifier, with pictures by path or bytes and models by directory.
 *
 * @module vit8/node
 */
import type { ImageClassifier as Classifier, LoadOptions } from "../classifier/api.ts";
import { LocalClassifier } from "../classifier/local-classifier.ts";
import type { ModelSource } from "../format/folder.ts";
import { LocalTextTower } from "../text/text-tower.ts";
import { ZeroShotClassifier as ZeroShot } from "../text/zero-shot.ts";
import { nodePlatform } from "./platform.ts";
import type { NodePicture } from "./source.ts";

export * from "../errors/errors.ts";

export type { NodePicture } from "./source.ts";
export type NodeClassifier = Classifier<NodePicture>;

/** `ImageClassifier.load` in Node: also takes a directory; needs the packages `webgpu` and, for picture files, `sharp`. */
export const ImageClassifier = {
  load(model: ModelSource, options: LoadOptions = {}): Promise<NodeClassifier> {
    return LocalClassifier.loadOn(nodePlatform, model, options);
  },
};

/** Both towers of a CLIP or SigLIP model, and what can be asked of them. */
export interface ZeroShotClassifier extends ZeroShot<NodePicture> {}

export const ZeroShotClassifier = {
  /**
   * Loads both towers by the same names and options as `ImageClassifier.load`. Needs the package `@huggingface/tokenizers`.
   * @throws what `ImageClassifier.load` throws; UnsupportedModelError for a text tower that vit8 does not run, before weights are fetched
   */
  async load(model: ModelSource, options: LoadOptions = {}): Promise<ZeroShotClassifier> {
    const folder = await nodePlatform.openFolder(model, options);
    const load = {
      images: (how: LoadOptions) => LocalClassifier.loadOn(nodePlatform, model, how),
      texts: (how: LoadOptions) => LocalTextTower.loadOn(nodePlatform, folder, how),
    };
    return ZeroShot.loadWith<NodePicture>(folder, load, options);
  },
};
