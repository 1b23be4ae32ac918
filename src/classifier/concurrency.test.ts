// Many concurrent callers on one device: correct results, fair turns, and no leaks.

import { afterAll, beforeAll, expect, test } from "vitest";
import { DisposedError } from "../errors/errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { acquireGpu, releaseGpu } from "../gpu/shared.ts";
import { nodeGpu } from "../node/gpu.ts";
import { seeded } from "../testing/cases.ts";
import { settledHeapBytes } from "../testing/heap.ts";
import type { Platform } from "./api.ts";
import { LocalClassifier, pagePlatform } from "./local-classifier.ts";
import { type MadeUpVit, madeUpPicture, madeUpTensors, PLAIN, timmFiles } from "./made-up-vit.shared.ts";
import type { Picture } from "./picture.ts";

const VIT: MadeUpVit = { ...PLAIN, width: 64, heads: 1, depth: 1, mlpWidth: 64 };
const platform: Platform<Picture> = { ...pagePlatform, gpu: nodeGpu, sliceMs: undefined };
const load = (seed = 1) =>
  LocalClassifier.loadOn(platform, timmFiles(VIT, madeUpTensors(VIT, seed)), { device: "webgpu" });

let gpu: Gpu;
beforeAll(async () => {
  gpu = await acquireGpu({ gpu: await nodeGpu() });
});
afterAll(() => releaseGpu(gpu));

const unhandled: unknown[] = [];
process.on("unhandledRejection", (reason) => unhandled.push(reason));

/** Whole numbers from 0 to below `end`, the same on every machine. */
function numbers(seed: number): (end: number) => number {
  const rng = seeded(seed);
  return (end) => rng.u8(1)[0] % end;
}

test("200 calls at once on 4 classifiers, with aborts and a disposal among them", async () => {
  const bytes = gpu.bytes;
  const classifiers = await Promise.all([1, 2, 3, 4].map(load));
  const pictures = Array.from({ length: 5 }, (_, i) => madeUpPicture(VIT, i + 1));
  const expected = await Promise.all(classifiers.map((classifier) => classifier.logits(pictures)));
  const random = numbers(11);
  const finished: number[] = [];
  // Aborts and the disposal wait for results, not for the clock: a slow machine has the same order.
  const afterAnswers = Array.from({ length: 200 }, (): (() => void)[] => []);

  const calls = Array.from({ length: 200 }, (_, i) => {
    const [owner, picture, isAborted] = [i % 4, random(5), random(4) === 0];
    const controller = new AbortController();
    const answer = classifiers[owner].logits(pictures[picture], { signal: controller.signal });
    if (isAborted) afterAnswers[random(60)].push(() => controller.abort());
    const settled = answer.then(
      (logits) => {
        for (const act of afterAnswers[finished.push(owner) - 1]) act();
        expect(logits).toEqual(expected[owner][picture]);
        return "answered";
      },
      (error) => {
        if (isAborted && error === controller.signal.reason) return "aborted";
        if (owner === 3 && error instanceof DisposedError) return "disposed";
        throw error;
      },
    );
    return settled;
  });
  afterAnswers[50].push(() => void classifiers[3].dispose());

  const outcomes = await Promise.all(calls);
  expect(outcomes.filter((outcome) => outcome === "answered").length).toBeGreaterThan(100);
  expect(outcomes).toContain("aborted");
  // No classifier waits for the whole queue of another: each has its share of the first results.
  const early = finished.slice(0, 40);
  for (const owner of classifiers.keys())
    expect(early.filter((one) => one === owner).length).toBeGreaterThan(4);
  await Promise.all(classifiers.map((classifier) => classifier.dispose()));
  expect(gpu.bytes).toBe(bytes);
  expect(unhandled).toEqual([]);
});

test("calls before dispose are answered, calls after it are refused", async () => {
  const bytes = gpu.bytes;
  const classifier = await load();
  const picture = madeUpPicture(VIT);
  const expected = await classifier.logits(picture);
  const running = [classifier.logits(picture), classifier.logits(picture)];
  await new Promise((resolve) => setTimeout(resolve));
  const disposed = [classifier.dispose(), classifier.dispose()];
  await expect(classifier.logits(picture)).rejects.toThrow(DisposedError);
  for (const answer of await Promise.all(running)) expect(answer).toEqual(expected);
  await Promise.all(disposed);
  await expect(classifier.classify(picture)).rejects.toThrow(DisposedError);
  expect(gpu.bytes).toBe(bytes);
});

test("200 loads and disposals leave no bytes on the GPU, and no growth of the heap", async () => {
  const picture = madeUpPicture(VIT);
  const bytes = gpu.bytes;
  const once = async () => {
    const classifier = await load();
    await classifier.classify(picture);
    await classifier.dispose();
    expect(gpu.bytes).toBe(bytes);
  };
  for (let i = 0; i < 20; i++) await once();
  const before = await settledHeapBytes();
  for (let i = 0; i < 200; i++) await once();
  // A classifier that stayed would be its weights, 200 kB, and its buffers; 200 of them 40 MB.
  expect((await settledHeapBytes()) - before).toBeLessThan(2e6);
});
