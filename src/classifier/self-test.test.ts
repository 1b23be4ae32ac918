// A GPU that starts to compute wrong results, detected by the self-test about every thousandth run.

import { afterEach, expect, test, vi } from "vitest";
import { SelfTestError } from "../errors/errors.ts";
import { nodeGpu } from "../node/gpu.ts";
import { LocalClassifier, pagePlatform } from "./local-classifier.ts";
import { madeUpPicture, madeUpTensors, PLAIN, transformersFiles } from "./made-up-vit.shared.ts";

const platform = { ...pagePlatform, gpu: nodeGpu, sliceMs: undefined, cache: undefined };
const files = transformersFiles(PLAIN, madeUpTensors(PLAIN));
const picture = madeUpPicture(PLAIN);
await nodeGpu();

// Each test loads, and disposes of, a device of its own.
const classifier = () => LocalClassifier.loadOn(platform, files, { device: "webgpu", autotune: false });
afterEach(() => vi.restoreAllMocks());

/** Tests in every run; what the first `times` of them read back is zeros. */
function spoil(times: number): void {
  const { getMappedRange } = GPUBuffer.prototype;
  vi.spyOn(Math, "random").mockReturnValue(0);
  vi.spyOn(GPUBuffer.prototype, "getMappedRange").mockImplementation(function (this: GPUBuffer, ...args) {
    const range = getMappedRange.apply(this, args);
    return this.label === "read back once" && times-- > 0 ? new ArrayBuffer(range.byteLength) : range;
  });
}

test("finds all well", async () => {
  const it = await classifier();
  const untested = await it.logits(picture);
  spoil(0);
  expect(await it.logits(picture)).toEqual(untested);
  await it.dispose();
});

test("takes another kernel or variant for one that has gone wrong", async () => {
  const it = await classifier();
  const before = await it.logits(picture);
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
  const it = await classifier();
  spoil(Number.POSITIVE_INFINITY);
  await expect(it.logits(picture)).rejects.toThrow(SelfTestError);
  await it.dispose();
});
