// The device is lost at any moment: the next device returns the result, equal in every bit.

import { afterEach, expect, test, vi } from "vitest";
import { DeviceLostError } from "../errors/errors.ts";
import { nodeGpu } from "../node/gpu.ts";
import { seeded } from "../testing/cases.ts";
import type { LoadOptions } from "./api.ts";
import { LocalClassifier, pagePlatform } from "./local-classifier.ts";
import { madeUpPicture, madeUpTensors, PLAIN, transformersFiles } from "./made-up-vit.shared.ts";

const platform = { ...pagePlatform, gpu: nodeGpu, sliceMs: undefined, cache: undefined };
const files = transformersFiles(PLAIN, madeUpTensors(PLAIN));
const pictures = [1, 2, 3].map((seed) => madeUpPicture(PLAIN, seed));
const load = (options: LoadOptions = {}) =>
  LocalClassifier.loadOn(platform, files, { device: "webgpu", ...options });
afterEach(() => vi.restoreAllMocks());

await nodeGpu();

/** Every device that is opened from here on, in order. */
function watchDevices(): GPUDevice[] {
  const devices: GPUDevice[] = [];
  const requestDevice = GPUAdapter.prototype.requestDevice;
  vi.spyOn(GPUAdapter.prototype, "requestDevice").mockImplementation(async function (
    this: GPUAdapter,
    ...args
  ) {
    const device = await requestDevice.apply(this, args);
    devices.push(device);
    return device;
  });
  return devices;
}

/** Counts the calls that a load and its runs make, and loses the device before the `n`th. */
function loseAtCall(n: number, devices: readonly GPUDevice[]): { readonly calls: number } {
  const seen = { calls: 0 };
  const before = <T extends object>(prototype: T, name: keyof T & string) => {
    const real = Reflect.get(prototype, name) as (...args: unknown[]) => unknown;
    vi.spyOn(prototype as Record<string, () => unknown>, name).mockImplementation(function (
      this: unknown,
      ...args: unknown[]
    ) {
      if (++seen.calls === n) devices.at(-1)!.destroy();
      return real.apply(this, args);
    });
  };
  before(GPUDevice.prototype, "createBuffer");
  before(GPUDevice.prototype, "createComputePipelineAsync");
  before(GPUQueue.prototype, "writeBuffer");
  before(GPUQueue.prototype, "submit");
  before(GPUBuffer.prototype, "mapAsync");
  return seen;
}

async function answers(options: LoadOptions = {}) {
  const classifier = await load(options);
  try {
    const logits = [await classifier.logits(pictures[0]), ...(await classifier.logits(pictures))];
    return { logits, losses: classifier.report.losses, bytes: classifier.report.gpuBytes };
  } finally {
    await classifier.dispose();
  }
}

const counted = loseAtCall(0, []);
const undisturbed = await answers({ maxBatch: 2 });
const { calls } = counted;
vi.restoreAllMocks();

const points = Array.from(seeded(11).u8(20), (byte) => 1 + Math.floor((byte / 256) * calls));

test.each(points)("before call %i of load and use", async (point) => {
  const devices = watchDevices();
  loseAtCall(point, devices);
  const { logits, bytes } = await answers({ maxBatch: 2 });
  expect(logits).toEqual(undisturbed.logits);
  expect(bytes).toBe(undisturbed.bytes);
  expect(devices).toHaveLength(2);
});

test("while nobody asks: the next call is answered, and the report says why", async () => {
  const devices = watchDevices();
  const classifier = await load();
  devices[0].destroy();
  await devices[0].lost;
  expect(await classifier.logits(pictures[0])).toEqual(undisturbed.logits[0]);
  expect(classifier.report.losses).toEqual([expect.stringContaining("destroyed")]);
  await classifier.dispose();
});

test("under many calls at once: all are answered from one new device", async () => {
  const devices = watchDevices();
  const classifier = await load();
  const asked = pictures.map((picture) => classifier.logits(picture));
  devices[0].destroy();
  expect(await Promise.all(asked)).toEqual(undisturbed.logits.slice(1));
  expect(devices).toHaveLength(2);
  expect(classifier.report.losses).toHaveLength(1);
  await classifier.dispose();
});

test("of many pictures with a bad one, each of which has its own result", async () => {
  const devices = watchDevices();
  const classifier = await load({ maxBatch: 2 });
  const asked = classifier.logits([{ width: 2, height: 2, rgba: new Uint8Array(3) }, ...pictures], {
    settled: true,
  });
  devices[0].destroy();
  const results = await asked;
  expect(results.map((result) => (result.status === "fulfilled" ? result.value : undefined))).toEqual([
    undefined,
    ...undisturbed.logits.slice(1),
  ]);
  expect(classifier.report.losses).toHaveLength(1);
  await classifier.dispose();
});

test("again and again: DeviceLostError, and dispose still ends", async () => {
  const devices = watchDevices();
  const classifier = await load();
  const { submit } = GPUQueue.prototype;
  vi.spyOn(GPUQueue.prototype, "submit").mockImplementation(function (this: GPUQueue, ...args) {
    devices.at(-1)!.destroy();
    return submit.apply(this, args);
  });
  await expect(classifier.logits(pictures[0])).rejects.toThrow(DeviceLostError);
  await classifier.dispose();
});
