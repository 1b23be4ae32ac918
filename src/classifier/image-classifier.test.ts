// Whole models, small and made up, against their forward pass in f64.

import { afterAll, describe, expect, test } from "vitest";
import { acquireGpu, releaseGpu } from "../gpu/shared.ts";
import { nodeGpu } from "../node/gpu.ts";
import { ImageClassifier, type LoadOptions, type Platform, pagePlatform } from "./image-classifier.ts";
import {
  forward,
  type MadeUpVit,
  madeUpPicture,
  madeUpTensors,
  PLAIN,
  timmFiles,
  transformersFiles,
} from "./made-up-vit.shared.ts";

const platform: Platform<Parameters<typeof pagePlatform.openPicture>[0]> = { ...pagePlatform, gpu: nodeGpu };
// Held throughout, so that all share one device and its pipelines.
const gpu = await acquireGpu({ gpu: await nodeGpu() });
afterAll(() => releaseGpu(gpu));

type Files = Record<string, string | Uint8Array>;
const load = (files: Files, options: LoadOptions = {}) => ImageClassifier.loadOn(platform, files, options);

/** Loads, asks, disposes. */
async function ask<T>(files: Files, options: LoadOptions, question: (it: Loaded) => Promise<T>): Promise<T> {
  const classifier = await load(files, options);
  try {
    return await question(classifier);
  } finally {
    await classifier.dispose();
  }
}
type Loaded = Awaited<ReturnType<typeof load>>;

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return ab / Math.sqrt(aa * bb);
}

function expectClose(got: Float32Array, expected: Float64Array, bound: number): void {
  expect(got.length).toBe(expected.length);
  const worst = got.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0);
  expect(worst).toBeLessThan(bound);
}

const MODELS: Record<string, Partial<MadeUpVit>> = {
  plain: {},
  "no qkv bias": { qkvBias: false },
  "layer scale": { layerScale: true },
  "distilled with two heads": { prefixTokens: 2, headsCount: 2 },
  "odd widths of everything": { width: 96, heads: 3, mlpWidth: 141, classes: 65, depth: 1 },
  "head dim 80": { width: 160, mlpWidth: 160, depth: 1 },
  "patches of 7, 2 classes": { patch: 7, side: 21, classes: 2, depth: 1 },
  "patches of 14": { patch: 14, side: 28, depth: 1 },
  "patches of 32": { patch: 32, side: 64, depth: 1 },
  "patches of 16, 21,843 classes": { patch: 16, side: 32, classes: 21_843, width: 64, heads: 1, depth: 1 },
};

describe.each(Object.entries(MODELS))("%s", (name, change) => {
  const vit = { ...PLAIN, ...change };
  const tensors = madeUpTensors(vit);
  const picture = madeUpPicture(vit);
  const expected = forward(vit, tensors, picture.rgba);
  const answers = async (it: Loaded) => ({
    embedding: await it.embed(picture),
    logits: await it.logits(picture),
  });

  test("float32 is right to f32's rounding", async () => {
    const t0 = performance.now();
    const got = await ask(timmFiles(vit, tensors), { precision: "float32" }, answers);
    console.log(
      name,
      performance.now() - t0,
      Math.max(...got.logits.map((v, i) => Math.abs(v - expected.logits[i]))),
      Math.max(...got.embedding.map((v, i) => Math.abs(v - expected.embedding[i]))),
    );
    expectClose(got.logits, expected.logits, 2e-5);
    expectClose(got.embedding, expected.embedding, 2e-5);
  });

  test("int8 points the same way", async () => {
    const t0 = performance.now();
    const got = await ask(timmFiles(vit, tensors), {}, answers);
    console.log(
      name,
      performance.now() - t0,
      cosine(got.logits, expected.logits),
      cosine(got.embedding, expected.embedding),
    );
    expect(cosine(got.logits, expected.logits)).toBeGreaterThan(0.99);
    expect(cosine(got.embedding, expected.embedding)).toBeGreaterThan(0.99);
  });
});
void transformersFiles;
