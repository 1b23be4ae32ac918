// A GPU that starts to compute wrong results, detected by the self-test in every thousandth run.

import { afterEach, expect, test, vi } from "vitest";
import { SelfTestError } from "../errors/errors.ts";
import { nodeGpu } from "../node/gpu.ts";
import { RUNS_BETWEEN_TESTS } from "./gpu-backend.ts";
import { LocalClassifier, pagePlatform } from "./local-classifier.ts";
import {
  type MadeUpVit,
  madeUpPicture,
  madeUpTensors,
  PLAIN,
  transformersFiles,
} from "./made-up-vit.shared.ts";

const platform = { ...pagePlatform, gpu: nodeGpu, sliceMs: undefined, cache: undefined };
/** Small, because the self-test is due after a thousand runs. */
const VIT: MadeUpVit = { ...PLAIN, width: 64, heads: 1, depth: 1, mlpWidth: 64 };
const files = transformersFiles(VIT, madeUpTensors(VIT));
const picture = madeUpPicture(VIT);
await nodeGpu();

// Each test loads, and disposes of, a device of its own.
const classifier = () => LocalClassifier.loadOn(platform, files, { device: "webgpu", autotune: false });
afterEach(() => vi.restoreAllMocks());

/** A classifier whose next run tests the kernels first, and what its runs before that have answered. */
async function classifierDue() {
  const it = await classifier();
  const untested = await it.logits(picture);
  for (let run = 2; run < RUNS_BETWEEN_TESTS; run++) await it.logits(picture);
  return { it, untested };
}

/** What the first `times` self-tests read back is zeros. Returns how many read anything back. */
function spoil(times: number): () => number {
  let tests = 0;
  const { getMappedRange } = GPUBuffer.prototype;
  vi.spyOn(GPUBuffer.prototype, "getMappedRange").mockImplementation(function (this: GPUBuffer, ...args) {
    const range = getMappedRange.apply(this, args);
    const isTest = this.label === "read back once";
    if (isTest) tests++;
    return isTest && times-- > 0 ? new ArrayBuffer(range.byteLength) : range;
  });
  return () => tests;
}

test("finds all well", async () => {
  const { it, untested } = await classifierDue();
  const tests = spoil(0);
  expect(await it.logits(picture)).toEqual(untested);
  expect(tests()).toBeGreaterThan(0);
  const once = tests();
  expect(await it.logits(picture)).toEqual(untested);
  expect(tests()).toBe(once);
  await it.dispose();
});

test("takes another kernel or variant for one that has gone wrong", async () => {
  const { it, untested: before } = await classifierDue();
  const kernels = () => it.report.kernels.map(({ kernel, variant }) => `${kernel}/${variant}`);
  const used = kernels();
  spoil(1);
  const after = await it.logits(picture);
  // Variants differ in the order of f32 sums alone, which now and then moves an int8 value by a step.
  for (const [i, logit] of after.entries()) expect(logit).toBeCloseTo(before[i], 1);
  expect(used.filter((name) => !kernels().includes(name))).toHaveLength(1);
  await it.dispose();
});

test("refuses where no variant is right", async () => {
  const { it } = await classifierDue();
  spoil(Number.POSITIVE_INFINITY);
  await expect(it.logits(picture)).rejects.toThrow(SelfTestError);
  await it.dispose();
});
