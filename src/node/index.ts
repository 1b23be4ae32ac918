/**
 * vit8 in Node: the same classifier, with pictures by path or bytes and models by directory.
 *
 * @module vit8/node
 */
import { fileURLToPath } from "node:url";
import type { ImageClassifier as Classifier, LoadOptions, Platform } from "../classifier/image-classifier.ts";
import { ImageClassifier as CoreClassifier } from "../classifier/image-classifier.ts";
import { openPicture, type PixelData } from "../classifier/picture.ts";
import type { ModelSource } from "../format/folder.ts";
import { openModel } from "./folder.ts";
import { nodeGpu, restfulWait } from "./gpu.ts";
import { nodeNotebook } from "./notebook.ts";
import { readPicture } from "./picture.ts";

export * from "../errors/errors.ts";

/** A path, the bytes of a file, or pixels. */
export type NodePicture = string | URL | Uint8Array | PixelData;
export type NodeClassifier = Classifier<NodePicture>;

const nodePlatform: Platform<NodePicture> = {
  gpu: nodeGpu,
  wait: restfulWait,
  notebook: nodeNotebook,
  openFolder: (model, { revision, endpoint }) => openModel(model, { revision, endpoint }),
  async openPicture(picture) {
    if (typeof picture === "string" || picture instanceof Uint8Array)
      return openPicture(await readPicture(picture));
    if (picture instanceof URL) return openPicture(await readPicture(fileURLToPath(picture)));
    return openPicture(picture);
  },
};

/** `ImageClassifier.load` in Node: also takes a directory; needs the packages `webgpu` and, for picture files, `sharp`. */
export const ImageClassifier = {
  load(model: ModelSource, options: LoadOptions = {}): Promise<NodeClassifier> {
    return CoreClassifier.loadOn(nodePlatform, model, options);
  },
};
