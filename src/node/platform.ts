// Node as a place where classifiers run.

import type { Platform } from "../classifier/api.ts";
import { openPicture } from "../classifier/picture.ts";
import { nodeCache } from "./cache.ts";
import { openModel } from "./folder.ts";
import { nodeGpu, restfulWait } from "./gpu.ts";
import { type NodePicture, readSource } from "./source.ts";

export const nodePlatform: Platform<NodePicture> = {
  gpu: nodeGpu,
  wait: restfulWait,
  threads: async () => (await import("./threads.ts")).nodeThreads(),
  cache: nodeCache,
  openFolder: (model, { revision, endpoint }) => openModel(model, { revision, endpoint }),
  openPicture: async (picture, signal) => openPicture(await readSource(picture, signal)),
};
