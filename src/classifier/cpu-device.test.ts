// The CPU instead of a GPU: the same numbers, and a report of the fallback.

import { afterAll, describe, expect, test } from "vitest";
import { acquireGpu, releaseGpu } from "../gpu/shared.ts";
import { nodeGpu } from "../node/gpu.ts";
import type { LoadOptions, Platform } from "./api.ts";
import { LocalClassifier, pagePlatform } from "./local-classifier.ts";
import { type MadeUpVit, madeUpPicture, madeUpTensors, PLAIN, timmFiles } from "./made-up-vit.shared.ts";
import type { Picture } from "./picture.ts";

const platform: Platform<Picture> = { ...pagePlatform, gpu: nodeGpu, sliceMs: undefined };
const gpu = await acquireGpu({ gpu: await nodeGpu() });
afterAll(() => releaseGpu(gpu));

type Files = Record<string, string | Uint8Array>;
const load = (files: Files, options: LoadOptions) => LocalClassifier.loadOn(platform, files, options);

/** Logits and embeddings of some images. */
async function answers(files: Files, pictures: Picture[], options: LoadOptions) {
  const classifier = await load(files, options);
  try {
    const [logits, embeddings] = [await classifier.logits(pictures), await classifier.embed(pictures)];
    return { logits, embeddings, report: classifier.report };
  } finally {
    await classifier.dispose();
  }
}

/** |got - expected| / |expected| */
function distance(got: Float32Array, expected: Float32Array): number {
  const norm = (values: number[]) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
  expect(got.length).toBe(expected.length);
  return norm([...got].map((v, i) => v - expected[i])) / norm([...expected]);
}

const MODELS: Record<string, Partial<MadeUpVit>> = {
  "head dim 64, patches of 8": {},
  "layer scale, no qkv bias": { layerScale: true, qkvBias: false },
  "distilled with two heads": { prefixTokens: 2, headsCount: 2 },
  "head dim 32, odd widths": { width: 96, heads: 3, mlpWidth: 141, classes: 65 },
  "head dim 80": { width: 160, mlpWidth: 160 },
  "patches of 7, 2 classes": { patch: 7, side: 21, classes: 2 },
};

describe.each(Object.entries(MODELS))("%s", (_, change) => {
  const vit = { ...PLAIN, ...change };
  const files = timmFiles(vit, madeUpTensors(vit));
  // One of another size, which is resized.
  const pictures = [madeUpPicture(vit), madeUpPicture({ ...vit, side: vit.side * 2 - 3 }, 2)];

  test.each([
    // f32 differs from f64 by rounding, and so moves the few values that are near a tie to the neighboring int8.
    ["int8", 5e-3],
    // Some hundred f32 operations of 2^-24 each.
    ["float32", 2e-6],
  ] as const)("%s as on the GPU", async (precision, bound) => {
    const onCpu = await answers(files, pictures, { precision, device: "cpu" });
    const onGpu = await answers(files, pictures, { precision, device: "webgpu" });
    for (const i of pictures.keys()) {
      console.log(
        precision,
        distance(onCpu.logits[i], onGpu.logits[i]),
        distance(onCpu.embeddings[i], onGpu.embeddings[i]),
      );
      expect(distance(onCpu.logits[i], onGpu.logits[i])).toBeLessThan(bound);
      expect(distance(onCpu.embeddings[i], onGpu.embeddings[i])).toBeLessThan(bound);
    }
  });
});
