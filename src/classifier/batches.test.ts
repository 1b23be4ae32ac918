// What many sizes of images and batches leave on the device, and what the report counts of them.

import { afterAll, expect, test } from "vitest";
import { acquireGpu, releaseGpu } from "../gpu/shared.ts";
import { nodeGpu } from "../node/gpu.ts";
import { seeded } from "../testing/cases.ts";
import type { LoadOptions, Platform } from "./api.ts";
import { LocalClassifier, pagePlatform } from "./local-classifier.ts";
import { type MadeUpVit, madeUpPicture, madeUpTensors, PLAIN, timmFiles } from "./made-up-vit.shared.ts";
import type { Picture } from "./picture.ts";

const platform: Platform<Picture> = { ...pagePlatform, gpu: nodeGpu, sliceMs: undefined };
// Kept open, so that all tests share one device and its pipelines.
const gpu = await acquireGpu({ gpu: await nodeGpu() });
afterAll(() => releaseGpu(gpu));

const VIT: MadeUpVit = { ...PLAIN, width: 64, heads: 1, depth: 1, mlpWidth: 64 };
const load = (options: LoadOptions) =>
  LocalClassifier.loadOn(platform, timmFiles(VIT, madeUpTensors(VIT)), { device: "webgpu", ...options });
const pictures = Array.from({ length: 12 }, (_, i) => madeUpPicture(VIT, i + 1));

test.each(["webgpu", "cpu"] as const)(
  "on %s, batches of many sizes leave no more than two",
  async (device) => {
    const classifier = await load({ device, maxBatch: 12 });
    const expected: Float32Array[] = [];
    for (const picture of pictures) expected.push(await classifier.logits(picture));
    const bytesAfter = async (...sizes: number[]) => {
      for (const size of sizes)
        expect(await classifier.logits(pictures.slice(0, size))).toEqual(expected.slice(0, size));
      return classifier.report.gpuBytes;
    };
    const two = await bytesAfter(11, 12);
    expect(await bytesAfter(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)).toBe(two);
    expect(await bytesAfter(12, 11, 12)).toBe(two);
    expect(await bytesAfter(3, 2)).toBeLessThanOrEqual(two);
    // Attention maps have a batch of their own, which stays; on the CPU all batches take turns in one memory.
    await classifier.attention(pictures[0]);
    const withMaps = await bytesAfter(11, 12);
    if (device === "webgpu") expect(withMaps).toBeGreaterThan(two);
    else expect(withMaps).toBe(two);
    await classifier.attention(pictures[0]);
    expect(await bytesAfter(5, 11, 12)).toBe(withMaps);
    await classifier.dispose();
  },
);

test("calls of many sizes at once, none waited for, answer as one after another", async () => {
  const before = gpu.bytes;
  const classifier = await load({ device: "webgpu", maxBatch: 12 });
  const expected = await classifier.logits(pictures);
  const sizes = [5, 1, 2, 12, 3, 5, 1, 4, 7, 7, 2, 1, 9, 5];
  const answers = await Promise.all(sizes.map((size) => classifier.logits(pictures.slice(0, size))));
  for (const [i, size] of sizes.entries()) expect(answers[i]).toEqual(expected.slice(0, size));
  await classifier.dispose();
  expect(gpu.bytes).toBe(before);
});

/** Dispatches that reach the device meanwhile. */
async function dispatchesOf(work: () => Promise<unknown>): Promise<number> {
  const { device } = gpu;
  const create = device.createCommandEncoder;
  let count = 0;
  device.createCommandEncoder = (descriptor) => {
    const encoder = create.call(device, descriptor);
    const begin = encoder.beginComputePass;
    encoder.beginComputePass = (pass) => {
      const begun = begin.call(encoder, pass);
      const dispatch = begun.dispatchWorkgroups;
      begun.dispatchWorkgroups = (...grid) => {
        count++;
        dispatch.apply(begun, grid);
      };
      return begun;
    };
    return encoder;
  };
  await work();
  device.createCommandEncoder = create;
  return count;
}

test("the report counts every dispatch of the last run, those of each strip of a big picture too", async () => {
  const classifier = await load({ device: "webgpu", maxBatch: 3 });
  const ofOne = classifier.report.dispatches;
  const noise = (width: number, height: number) => ({
    ...{ width, height },
    rgba: seeded(width).u8(width * height * 4),
  });
  const big = [noise(1500, 900), noise(12, 40_000), noise(9001, 40)];
  for (const input of [[pictures[0]], ...big.map((one) => [one]), big, [pictures[0], big[1]]]) {
    const counted = await dispatchesOf(() => classifier.logits(input));
    expect(classifier.report.dispatches).toBe(counted);
    if (input[0] === pictures[0] && input.length === 1) expect(counted).toBe(ofOne);
    if (input[0] === big[0]) expect(counted).toBeGreaterThan(ofOne);
  }
  await classifier.logits(pictures[0]);
  expect(classifier.report.dispatches).toBe(ofOne);
  await classifier.dispose();
});
