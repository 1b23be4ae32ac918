/**
 * vit8 in Node: the same classifier, for image paths, URLs and bytes, and model directories.
 *
 * @module vit8/node
 */
import type { ImageClassifier as Classifier, LoadOptions } from "../classifier/api.ts";
import { LocalClassifier } from "../classifier/local-classifier.ts";
import { checkCall } from "../errors/check.ts";
import type { ModelSource } from "../format/folder.ts";
import { LocalTextTower } from "../text/text-tower.ts";
import { ZeroShotClassifier as ZeroShot } from "../text/zero-shot.ts";
import { warnWithoutSharp } from "./package.ts";
import { nodePlatform } from "./platform.ts";
import type { NodePicture } from "./source.ts";

export * from "../errors/errors.ts";

export type { NodePicture } from "./source.ts";
/** A loaded Vision Transformer in Node. */
export type NodeClassifier = Classifier<NodePicture>;

/** Loads Vision Transformers in Node. Needs the packages `webgpu` (for a GPU) and `sharp` (for image files). */
export const ImageClassifier = {
  /**
   * Loads a model, as in a page. Without the package `sharp`, it emits a warning.
   * @param model a directory (a path or a `file:` URL), a Hub id, the URL of a model folder, or bytes by file name
   * @returns the classifier, compiled and self-tested
   * @throws as `ImageClassifier.load` of `vit8`
   * @example
   * const classifier = await ImageClassifier.load("./my-model");
   * const predictions = await classifier.classify("cat.jpg");
   */
  load(model: ModelSource, options: LoadOptions = {}): Promise<NodeClassifier> {
    warnWithoutSharp();
    return LocalClassifier.loadOn(nodePlatform, model, options);
  },
};

/** Both towers of a CLIP or SigLIP model. */
export interface ZeroShotClassifier extends ZeroShot<NodePicture> {}

/** Loads CLIP and SigLIP models in Node. */
export const ZeroShotClassifier = {
  /**
   * Loads both towers, with the same arguments as `ImageClassifier.load`. Needs the package `@huggingface/tokenizers`.
   * @returns the classifier, compiled and self-tested
   * @throws as `ImageClassifier.load`; UnsupportedModelError if the text tower is not supported, before any weights are downloaded
   */
  async load(model: ModelSource, options: LoadOptions = {}): Promise<ZeroShotClassifier> {
    warnWithoutSharp();
    checkCall(options);
    const folder = await nodePlatform.openFolder(model, options);
    const load = {
      images: (how: LoadOptions) => LocalClassifier.loadOn(nodePlatform, model, how),
      texts: (how: LoadOptions) => LocalTextTower.loadOn(nodePlatform, folder, how, options.device),
    };
    return ZeroShot.loadWith<NodePicture>(folder, load, options);
  },
};
