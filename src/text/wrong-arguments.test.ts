// What JavaScript lets through and TypeScript does not: each is an error that says what was expected.

import { afterAll, describe, expect, test } from "vitest";
import { quantizeModel } from "../calibration/index.ts";
import { ImageClassifier, ZeroShotClassifier } from "../node/index.ts";
import { ImageClassifier as PageClassifier } from "../worker/load.ts";
import { ZeroShotClassifier as PageZeroShot } from "../zeroshot/index.ts";

const folder = (name: string) => new URL(`../../${name}/`, import.meta.url).pathname;
const model = folder("models/everyday80");
const clip = folder("test/goldens/zero-shot/clip");
const picture = { width: 2, height: 2, rgba: new Uint8Array(16) };
const device = "cpu";
// biome-ignore lint/suspicious/noExplicitAny: the arguments are wrong
const wrong = (value: unknown) => value as any;

const classifier = await ImageClassifier.load(model, { device });
const zeroShot = await ZeroShotClassifier.load(clip, { device });
afterAll(() => Promise.all([classifier.dispose(), zeroShot.dispose()]));

const first = (pictures: unknown, options?: object) =>
  classifier.classifyEach(wrong(pictures), options).next();

const ABORT_SIGNAL = "signal: expected an AbortSignal, such as controller.signal, got ";
const OF_PICTURES = "pictures: expected an array or a generator of { key, picture }, got ";
const signals = [5, {}, new AbortController()].map((signal) => ({ signal: wrong(signal) }));

test.each(signals)("a signal that is none: %o", async (options) => {
  const signal = options.signal as object;
  const calls = [
    ImageClassifier.load(model, { device, ...options }),
    ZeroShotClassifier.load(clip, { device, ...options }),
    classifier.classify(picture, options),
    classifier.classify([picture], options),
    classifier.classify([picture], { settled: true, ...options }),
    classifier.embed(picture, options),
    classifier.embed(picture, { pooling: "mean", ...options }),
    classifier.attention(picture, options),
    first([], options),
    zeroShot.classify(picture, ["cat"], options),
    zeroShot.embedText(["cat"], options),
    zeroShot.embedImage(picture, options),
  ];
  for (const result of await Promise.allSettled(calls))
    expect(result).toEqual({
      status: "rejected",
      reason: new TypeError(`${ABORT_SIGNAL}${signal.constructor.name}.`),
    });
});

describe("an option that the call does not have", () => {
  const named = zeroShot.withLabels(["cat"]);
  test.each<[string, string, (options: object) => Promise<unknown>]>([
    ["classify", "topK, settled, signal", (options) => classifier.classify(picture, options)],
    ["classify of many", "topK, settled, signal", (options) => classifier.classify([picture], options)],
    ["logits", "settled, signal", (options) => classifier.logits(picture, options)],
    ["embed", "pooling, tokens, settled, signal", (options) => classifier.embed(picture, options)],
    ["attention", "signal", (options) => classifier.attention(picture, options)],
    ["detect", "threshold, topK, signal", (options) => classifier.detect(picture, options)],
    ["classifyEach", "concurrency, topK, signal", (options) => first([], options)],
    [
      "zero-shot classify",
      "topK, template, onProgress, signal, settled",
      (options) => zeroShot.classify(picture, ["cat"], options),
    ],
    ["withLabels", "template, onProgress, signal", (options) => zeroShot.withLabels(["cat"], options)],
    ["embedText", "template, onProgress, signal", (options) => zeroShot.embedText(["cat"], options)],
    ["embedImage", "settled, signal", (options) => zeroShot.embedImage(picture, options)],
    ["classify of labels", "topK, settled, signal", async (o) => (await named).classify(picture, o)],
    ["logits of labels", "settled, signal", async (o) => (await named).logits(picture, o)],
    ["embed of labels", "pooling, tokens, settled, signal", async (o) => (await named).embed(picture, o)],
    [
      "quantizeModel",
      "method, bits, pictures, images, seed, weights, keep, biasCorrection, normInputs, pictureHashes, revision, endpoint, signal, onProgress",
      (options) => quantizeModel({}, options),
    ],
  ])("%s", async (_, names, call) => {
    await expect(call({ topk: 3 })).rejects.toEqual(
      new RangeError(`option: expected one of ${names}, got topk.`),
    );
    await expect(call(wrong(null))).rejects.toEqual(new TypeError("options: expected an object, got null."));
  });

  test.each([
    ["of Node", ImageClassifier.load],
    ["of a page", PageClassifier.load],
    ["of both towers in Node", ZeroShotClassifier.load],
    ["of both towers in a page", PageZeroShot.load],
  ])("load %s without options is undefined, never null", async (_, load) => {
    await expect(load(model, wrong(null))).rejects.toEqual(
      new TypeError("options: expected an object, got null."),
    );
  });

  test("an index as from map() is none", async () => {
    const results = await Promise.all([picture, picture].map(wrong(classifier.classify)));
    expect(results).toHaveLength(2);
  });
});

test("no signal is null too", async () => {
  expect(await classifier.classify(picture, { signal: wrong(null), topK: 1 })).toHaveLength(1);
});

describe("a wrong argument", () => {
  test.each<[string, () => Promise<unknown>, Error]>([
    [
      "onProgress is no function",
      () => ImageClassifier.load(model, { device, onProgress: wrong(5) }),
      new TypeError("onProgress: expected a function, got Number."),
    ],
    [
      "an option that there is not",
      () => ImageClassifier.load(model, wrong({ device, maxbatch: 4 })),
      new RangeError(
        "option: expected one of onProgress, signal, precision, nonlinear, integrity, integerOnly, device, revision, endpoint, autotune, maxBatch, worker, got maxbatch.",
      ),
    ],
    [
      "a number as text",
      () => classifier.classify(picture, { topK: wrong("3") }),
      new RangeError('topK: expected a whole number of 1 or more, got "3".'),
    ],
    [
      "too large a batch",
      () => ImageClassifier.load(model, { device, maxBatch: 65 }),
      new RangeError("maxBatch: expected a whole number from 1 to 64, got 65."),
    ],
    ["a stream that is none", () => first(5), new TypeError(`${OF_PICTURES}Number.`)],
    ["no stream", () => first(undefined), new TypeError(`${OF_PICTURES}undefined.`)],
    ["one image as a stream", () => first(picture), new TypeError(`${OF_PICTURES}Object.`)],
    [
      "images without keys",
      () => first(["a.png"]),
      new TypeError("pictures: expected { key, picture } for each image, got String."),
    ],
    [
      "a label instead of an array",
      () => zeroShot.classify(picture, wrong("cat")),
      new TypeError('labels: expected an array of strings, such as ["cat", "dog"], got String.'),
    ],
    [
      "a text instead of an array",
      () => zeroShot.embedText(wrong("cat")),
      new TypeError('texts: expected an array of strings, such as ["cat", "dog"], got String.'),
    ],
    [
      "a template that is no text",
      () => zeroShot.embedText(["cat"], { template: wrong(5) }),
      new RangeError("template: expected text with {} in it, got 5. Write {} where the label goes."),
    ],
  ])("%s", async (_, call, error) => {
    const thrown = await call().catch((reason) => reason as Error);
    if (!(thrown instanceof Error)) throw new Error("expected an error");
    expect([thrown.name, thrown.message]).toEqual([error.name, error.message]);
  });
});
