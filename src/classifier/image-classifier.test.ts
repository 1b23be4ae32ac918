// Whole models, small and synthetic, compared with their forward pass in f64.

import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DisposedError, ModelFormatError, PictureError } from "../errors/errors.ts";
import { acquireGpu, releaseGpu } from "../gpu/shared.ts";
import { nodeGpu } from "../node/gpu.ts";
import { accepted } from "../testing/accepted.ts";
import type { LoadOptions, Platform } from "./api.ts";
import { LocalClassifier, pagePlatform } from "./local-classifier.ts";
import {
  forward,
  type MadeUpVit,
  madeUpPicture,
  madeUpTensors,
  PLAIN,
  type Tensors,
  timmFiles,
  transformersFiles,
} from "./made-up-vit.shared.ts";
import type { LoadProgress } from "./model.ts";
import type { Picture } from "./picture.ts";

const platform: Platform<Picture> = { ...pagePlatform, gpu: nodeGpu, sliceMs: undefined };
// Kept open, so that all tests share one device and its pipelines.
const gpu = await acquireGpu({ gpu: await nodeGpu() });
afterAll(() => releaseGpu(gpu));

type Files = Record<string, string | Uint8Array>;
const load = (files: Files, options: LoadOptions = {}) =>
  LocalClassifier.loadOn(platform, files, { device: "webgpu", ...options });

/** Loads a model, calls it and disposes it. */
async function ask<T>(files: Files, options: LoadOptions, question: (it: Loaded) => Promise<T>): Promise<T> {
  const classifier = await load(files, options);
  try {
    return await question(classifier);
  } finally {
    await classifier.dispose();
  }
}
type Loaded = Awaited<ReturnType<typeof load>>;

/** |got - expected| / |expected|: at a small angle about the sine of it, and it sees a wrong length. */
function distance(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [error, length] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    error += (got[i] - expected[i]) ** 2;
    length += expected[i] ** 2;
  }
  return Math.sqrt(error / length);
}

function expectClose(got: Float32Array, expected: Float64Array, bound: number): void {
  expect(got.length).toBe(expected.length);
  const worst = got.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0);
  expect(worst).toBeLessThan(bound);
}

// Values up to 4 after some hundred f32 operations of 2^-24 each; four times the worst seen on lavapipe.
const FLOAT_BOUND = 5e-6;
// int8 without calibration: errors of half a step of 1 / 127 of a peak, most of which cancel; the worst seen is 0.019.
const INT8_DISTANCE = 0.03;

const MODELS: Record<string, Partial<MadeUpVit>> = {
  "head dim 64, patches of 8": {},
  "no qkv bias": { qkvBias: false },
  "layer scale": { layerScale: true },
  "distilled with two heads": { prefixTokens: 2, headsCount: 2 },
  "head dim 32, odd widths": { width: 96, heads: 3, mlpWidth: 141, classes: 65, depth: 1 },
  "head dim 80": { width: 160, mlpWidth: 160, depth: 1 },
  "patches of 7, 2 classes": { patch: 7, side: 21, classes: 2, depth: 1 },
  "patches of 14, 1000 classes": { patch: 14, side: 28, classes: 1000, depth: 1 },
  "patches of 16, 21,843 classes": { patch: 16, side: 32, classes: 21_843, width: 64, heads: 1, depth: 1 },
  "patches of 32": { patch: 32, side: 64, depth: 1 },
};

describe.each(Object.entries(MODELS))("%s", (_, change) => {
  const vit = { ...PLAIN, ...change };
  const tensors = madeUpTensors(vit);
  testAgainstReference(vit, tensors, timmFiles(vit, tensors));
});

describe("a distillation token without a head", () => {
  const vit: MadeUpVit = { ...PLAIN, prefixTokens: 2 };
  const tensors = madeUpTensors(vit);
  testAgainstReference(vit, tensors, transformersFiles(vit, tensors));
});

describe("an embedding model", () => {
  const vit = { ...PLAIN, classes: 0, layerScale: true };
  const tensors = madeUpTensors(vit);
  const files = transformersFiles(vit, tensors);
  testAgainstReference(vit, tensors, files);

  test("refuses to classify", async () => {
    const classified = ask(files, {}, (it) => it.classify(madeUpPicture(vit)));
    await expect(classified).rejects.toThrow(/classification head.*embed\(\)/);
  });
});

function testAgainstReference(vit: MadeUpVit, tensors: Tensors, files: Files): void {
  const picture = madeUpPicture(vit);
  const expected = forward(vit, tensors, picture.rgba);

  test("float32 is right to f32's rounding", async () => {
    const got = await ask(files, { precision: "float32" }, (it) => answers(it, picture));
    expectClose(got.logits, expected.logits, FLOAT_BOUND);
    expectClose(got.embedding, expected.embedding, FLOAT_BOUND);
  });

  test("int8 points the same way", async () => {
    const got = await ask(files, {}, (it) => answers(it, picture));
    expect(got.logits.length).toBe(vit.classes);
    if (vit.classes) expect(distance(got.logits, expected.logits)).toBeLessThan(INT8_DISTANCE);
    expect(distance(got.embedding, expected.embedding)).toBeLessThan(INT8_DISTANCE);
  });
}

async function answers(it: Loaded, picture: ReturnType<typeof madeUpPicture>) {
  return { embedding: await it.embed(picture), logits: await it.logits(picture) };
}

const plainTensors = madeUpTensors(PLAIN);
const plainFiles = timmFiles(PLAIN, plainTensors);
const picture = madeUpPicture(PLAIN);
const logitsOf = (files: Files, options: LoadOptions = {}) => ask(files, options, (it) => it.logits(picture));

describe.each(["int8", "float32"] as const)("equal bits in %s", (precision) => {
  test("from Q, K and V in one tensor or three, in timm's or transformers' names", async () => {
    const fused = await logitsOf(plainFiles, { precision });
    expect(await logitsOf(transformersFiles(PLAIN, plainTensors), { precision })).toEqual(fused);
  });

  test.each(["F16", "BF16"] as const)("from the same weights in F32 and %s", async (type) => {
    const half = await logitsOf(timmFiles(PLAIN, plainTensors, type), { precision });
    expect(half).toEqual(await logitsOf(plainFiles, { precision }));
  });

  test.each([
    ["one class token", PLAIN],
    ["two read out", { ...PLAIN, prefixTokens: 2, headsCount: 2 } as MadeUpVit],
  ])("alone, in pairs and in a batch of seven: %s", async (_, vit) => {
    const pictures = Array.from({ length: 7 }, (_, seed) => madeUpPicture(vit, seed));
    await ask(timmFiles(vit, madeUpTensors(vit)), { precision }, async (it) => {
      const alone: Float32Array[] = [];
      for (const each of pictures) alone.push(await it.logits(each));
      expect(new Set(alone.map(String)).size).toBe(7);
      expect(await it.logits(pictures)).toEqual(alone);
      expect(await it.logits(pictures.slice(3, 5))).toEqual(alone.slice(3, 5));
      const embedded = await it.embed(pictures);
      for (const i of [0, 1, 6]) expect(await it.embed(pictures[i])).toEqual(embedded[i]);
    });
  });
});

test("more pictures than maxBatch are cut, each part one submit", async () => {
  const pictures = Array.from({ length: 7 }, (_, seed) => madeUpPicture(PLAIN, seed));
  const together = await ask(plainFiles, {}, (it) => it.logits(pictures));
  await ask(plainFiles, { maxBatch: 3 }, async (it) => {
    const submit = vi.spyOn(gpu.device.queue, "submit");
    expect(await it.logits(pictures)).toEqual(together);
    expect(submit).toHaveBeenCalledTimes(3);
    submit.mockRestore();
    expect(await it.classify([])).toEqual([]);
  });
});

test("two batches are in flight at a time, in order, and answer as each picture alone", async () => {
  const pictures = Array.from({ length: 9 }, (_, i) =>
    madeUpPicture({ ...PLAIN, side: PLAIN.side + 8 * (i % 3) }, i),
  );
  await ask(plainFiles, { maxBatch: 2 }, async (it) => {
    const alone = [];
    for (const picture of pictures) alone.push(await it.logits(picture));
    let [flying, most] = [0, 0];
    const mapAsync = GPUBuffer.prototype.mapAsync;
    vi.spyOn(GPUBuffer.prototype, "mapAsync").mockImplementation(async function (this: GPUBuffer, mode) {
      most = Math.max(most, ++flying);
      await mapAsync.call(this, mode);
      flying--;
    });
    expect(await it.logits(pictures)).toEqual(alone);
    expect(most).toBe(2);
  });
});

test("a run cut into several submits gives equal bits", async () => {
  const whole = await logitsOf(plainFiles);
  const it = await LocalClassifier.loadOn({ ...platform, sliceMs: 1e-6 }, plainFiles, { device: "webgpu" });
  // The first run is where it learns how long its steps take.
  expect(await it.logits(picture)).toEqual(whole);
  const submit = vi.spyOn(gpu.device.queue, "submit");
  expect(await it.logits(picture)).toEqual(whole);
  expect(submit.mock.calls.length).toBeGreaterThan(1);
  submit.mockRestore();
  await it.dispose();
});

test("the best classes come first, with their softmax", async () => {
  const { logits } = forward(PLAIN, plainTensors, picture.rgba);
  const mass = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
  const order = [...logits.keys()].sort((a, b) => logits[b] - logits[a]);
  const top = await ask(plainFiles, { precision: "float32" }, (it) => it.classify(picture, { topK: 3 }));
  expect(top.map(({ index }) => index)).toEqual(order.slice(0, 3));
  expect(top.map(({ label }) => label)).toEqual(order.slice(0, 3).map((index) => `LABEL_${index}`));
  for (const { index, score } of top) expect(score).toBeCloseTo(Math.exp(logits[index]) / mass, 5);
});

describe("each class has the sigmoid of its own logit", () => {
  const sigmoids = (logits: Float64Array) => [...logits].map((logit) => 1 / (1 + Math.exp(-logit)));
  const scoresOf = async (files: Files) => {
    const top = await ask(files, { precision: "float32" }, (it) => it.classify(picture, { topK: 99 }));
    return top.sort((a, b) => a.index - b.index).map(({ score }) => score);
  };
  const expectScores = (scores: number[], expected: number[]) => {
    expect(scores).toHaveLength(expected.length);
    // A sigmoid is nowhere steeper than 1/4, and the logits are within FLOAT_BOUND.
    for (const [n, score] of scores.entries())
      expect(Math.abs(score - expected[n])).toBeLessThan(FLOAT_BOUND / 4);
  };

  test(
    accepted(
      "Labels and heads",
      "problem_type multi_label_classification: the sigmoid of each logit; any other: softmax",
      "transformers 5.18.0",
    ),
    async () => {
      const files = transformersFiles(PLAIN, plainTensors);
      const config = {
        ...JSON.parse(files["config.json"] as string),
        problem_type: "multi_label_classification",
      };
      const { logits } = forward(PLAIN, plainTensors, picture.rgba);
      expectScores(await scoresOf({ ...files, "config.json": JSON.stringify(config) }), sigmoids(logits));
    },
  );

  test(
    accepted("Labels and heads", "a head of one class: the sigmoid of its logit", "transformers 5.18.0"),
    async () => {
      const vit = { ...PLAIN, classes: 1 };
      const tensors = madeUpTensors(vit);
      const { logits } = forward(vit, tensors, picture.rgba);
      for (const files of [transformersFiles(vit, tensors), timmFiles(vit, tensors)])
        expectScores(await scoresOf(files), sigmoids(logits));
    },
  );
});

test("one class has the bits of the first of many", async () => {
  const tensors = new Map(plainTensors);
  const { shape, values } = tensors.get("head.weight")!;
  tensors.set("head.weight", { shape: [1, shape[1]], values: values.slice(0, shape[1]) });
  tensors.set("head.bias", { shape: [1], values: tensors.get("head.bias")!.values.slice(0, 1) });
  const files = timmFiles({ ...PLAIN, classes: 1 }, tensors);
  expect([...(await logitsOf(files))]).toEqual([(await logitsOf(plainFiles))[0]]);
});

describe("nothing is left on the GPU", () => {
  let before = 0;
  beforeEach(() => {
    before = gpu.bytes;
  });
  afterEach(() => expect(gpu.bytes).toBe(before));

  describe.each(["int8", "float32"] as const)("by a broken checkpoint, %s", (precision) => {
    test.each([
      ["cls_token", "class_token", Number.NaN],
      ["blocks.1.attn.qkv.weight", "blocks.1.qkv.weight", Number.NaN],
      ["blocks.0.mlp.fc2.bias", "blocks.0.fc2.bias", Number.POSITIVE_INFINITY],
      ["head.weight", "head.weight", Number.NEGATIVE_INFINITY],
    ])("%s", async (name, canonical, value) => {
      const tensors = new Map(plainTensors);
      const { shape, values } = tensors.get(name)!;
      tensors.set(name, { shape, values: values.with(17, value) });
      const loaded = load(timmFiles(PLAIN, tensors), { precision });
      await expect(loaded).rejects.toThrow(ModelFormatError);
      await expect(loaded).rejects.toThrow(`${canonical}: expected finite numbers, got ${value} at 17`);
    });
  });

  test("by a file that ends too soon", async () => {
    const cut = plainFiles["model.safetensors"].slice(0, -4);
    await expect(load({ ...plainFiles, "model.safetensors": cut })).rejects.toThrow(ModelFormatError);
  });

  test.each(["download", "quantize", "compile"] as const)("by an abort in the stage %s", async (stage) => {
    const controller = new AbortController();
    const onProgress = ({ stage: reached, loaded = 1 }: LoadProgress) => {
      if (reached === stage && loaded > 0) controller.abort(new Error("enough"));
    };
    const loaded = load(plainFiles, { signal: controller.signal, onProgress });
    await expect(loaded).rejects.toThrow("enough");
  });

  test("by dispose, twice, after a batch", async () => {
    const it = await load(plainFiles);
    await it.logits([picture, picture, picture]);
    expect(gpu.bytes).toBeGreaterThan(before);
    await Promise.all([it.dispose(), it.dispose()]);
  });

  test("by what an attention map and a profile take besides", async () => {
    const it = await load(plainFiles);
    const { heads } = await it.attention(picture);
    expect(heads).toHaveLength(PLAIN.heads);
    // Its buffers for an image are made by the first one.
    await it.logits(picture);
    const held = gpu.bytes;
    expect((await it.profile(picture)).passes.length).toBeGreaterThan(3);
    expect(gpu.bytes).toBe(held);
    await it.dispose();
  });

  test("by dispose during a run, which is answered", async () => {
    const it = await load(plainFiles);
    const expected = await it.logits(picture);
    const running = it.logits(picture);
    // The image is open and the run requested.
    await new Promise((resolve) => setTimeout(resolve));
    await it.dispose();
    expect(await running).toEqual(expected);
  });

  test("by a call after dispose", async () => {
    const it = await load(plainFiles);
    await it.dispose();
    await expect(it.classify(picture)).rejects.toThrow(DisposedError);
    await expect(it.embed([picture])).rejects.toThrow(DisposedError);
  });

  test("by a picture that is none, and the next one is answered", async () => {
    const it = await load(plainFiles);
    const expected = await it.logits(picture);
    const broken = { width: 3, height: 3, rgba: new Uint8Array(35) };
    await expect(it.logits([picture, broken])).rejects.toThrow(PictureError);
    expect(await it.logits(picture)).toEqual(expected);
    await it.dispose();
  });

  test("by one of two on the same device, and the other goes on", async () => {
    const first = await load(plainFiles);
    const second = await load(plainFiles, { precision: "float32" });
    expect(first.report.gpuBytes).toBe(gpu.bytes);
    const [own, others] = await Promise.all([first.logits(picture), second.logits(picture)]);
    expect(own).not.toEqual(others);
    await first.dispose();
    expect(await second.logits(picture)).toEqual(others);
    await second.dispose();
  });
});

test("of many pictures with a bad one: all results if asked for, otherwise an error that says which", async () => {
  const classifier = await load(timmFiles(PLAIN, madeUpTensors(PLAIN)), { maxBatch: 2 });
  const [first, second, third] = [1, 2, 3].map((seed) => madeUpPicture(PLAIN, seed));
  const bad = { width: 2, height: 2, rgba: new Uint8Array(3) };
  const many = [first, bad, second, third];
  const alone = [
    await classifier.logits(first),
    await classifier.logits(second),
    await classifier.logits(third),
  ];
  const results = await classifier.logits(many, { settled: true });
  expect(results.map((result) => (result.status === "fulfilled" ? result.value : "bad"))).toEqual([
    alone[0],
    "bad",
    alone[1],
    alone[2],
  ]);
  expect((results[1] as PromiseRejectedResult).reason).toBeInstanceOf(PictureError);
  const classes = await classifier.classify(many, { topK: 1, settled: true });
  expect(classes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
  expect((classes[3] as PromiseFulfilledResult<unknown[]>).value).toHaveLength(1);
  expect((await classifier.embed(many, { settled: true }))[0]).toEqual({
    status: "fulfilled",
    value: await classifier.embed(first),
  });
  const error = await classifier.classify([first, second, third, bad]).catch((e) => e);
  expect(error).toBeInstanceOf(PictureError);
  expect(error.message).toMatch(/^image 4 of 4: Object: expected 16 RGBA bytes for 2 x 2 pixels, got 3\.$/);
  const stopped = AbortSignal.abort(new Error("enough"));
  await expect(classifier.embed(many, { settled: true, signal: stopped })).rejects.toThrow("enough");
  await classifier.dispose();
  await expect(classifier.classify([], { settled: true })).rejects.toThrow(DisposedError);
});

test("an aborted call is not answered, those around it are", async () => {
  await ask(plainFiles, {}, async (it) => {
    const expected = await it.logits(picture);
    const controller = new AbortController();
    const calls = [0, 1, 2].map((i) => it.logits(picture, i === 1 ? { signal: controller.signal } : {}));
    controller.abort(new Error("no longer wanted"));
    const [first, second, third] = await Promise.allSettled(calls);
    expect(first).toEqual({ status: "fulfilled", value: expected });
    expect(second).toMatchObject({ status: "rejected", reason: new Error("no longer wanted") });
    expect(third).toEqual({ status: "fulfilled", value: expected });
  });
});

test("a call right before dispose is answered or refused", async () => {
  const it = await load(plainFiles);
  const expected = await it.logits(picture);
  const called = it.logits(picture).catch((error) => error);
  await it.dispose();
  const got = await called;
  if (!(got instanceof DisposedError)) expect(got).toEqual(expected);
});
