// What JavaScript lets through and TypeScript does not: each is an error that says what was expected.

import { afterAll, describe, expect, test } from "vitest";
import { ImageClassifier, ZeroShotClassifier } from "../node/index.ts";

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
