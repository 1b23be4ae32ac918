import { afterAll, expect, test } from "vitest";
import { DeviceError } from "../errors/errors.ts";
import { nodeGpu } from "../node/gpu.ts";
import { openGpu } from "./gpu.ts";
import { acquireGpu, releaseGpu } from "./shared.ts";

const gpu = await openGpu({ gpu: await nodeGpu() });
afterAll(() => gpu.destroy());

test("bytes are counted up and down, rounded to whole words", () => {
  const before = gpu.bytes;
  const buffer = gpu.upload("five bytes", new Uint8Array(5));
  expect(gpu.bytes - before).toBe(8);
  const texture = gpu.texture("3 x 2", 3, 2, GPUTextureUsage.TEXTURE_BINDING);
  expect(gpu.bytes - before).toBe(8 + 24);
  gpu.release(buffer, undefined, texture);
  expect(gpu.bytes).toBe(before);
});

test("a refused command becomes a DeviceError of the section that made it, and of no other", async () => {
  const refused = gpu.guarded("the bad one", () => {
    gpu.device.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE });
  });
  await expect(refused).rejects.toThrow(DeviceError);
  await expect(gpu.guarded("the good one", () => 7)).resolves.toBe(7);
});

test("out of memory tells what was wanted and what is held", async () => {
  const held = gpu.upload("held", new Uint8Array(64));
  const before = gpu.bytes;
  const loading = gpu.guarded("loading m", () => {
    gpu.release(gpu.buffer("given back", 8));
    const wanted = gpu.buffer("wanted", 1000);
    const error = new GPUOutOfMemoryError("no memory");
    gpu.device.dispatchEvent(Object.assign(new Event("uncapturederror", { cancelable: true }), { error }));
    return wanted;
  });
  await expect(loading).rejects.toThrow(`out of memory for 1000 bytes; vit8 already holds ${before}`);
  gpu.release(held);
});

test("what the work throws comes through", async () => {
  await expect(gpu.guarded("work", () => Promise.reject(new RangeError("mine")))).rejects.toThrow("mine");
});

test("one device serves all who ask, until the last lets go", async () => {
  const options = { gpu: await nodeGpu() };
  const [first, second] = await Promise.all([acquireGpu(options), acquireGpu(options)]);
  expect(second).toBe(first);
  releaseGpu(first);
  const third = await acquireGpu(options);
  expect(third).toBe(first);
  releaseGpu(second);
  releaseGpu(third);
  await first.lost;
  const fresh = await acquireGpu(options);
  expect(fresh).not.toBe(first);
  releaseGpu(fresh);
});

test("a lost device is forgotten: the next who asks gets another", async () => {
  const options = { gpu: await nodeGpu() };
  const lost = await acquireGpu(options);
  lost.device.destroy();
  await lost.lost;
  const fresh = await acquireGpu(options);
  expect(fresh).not.toBe(lost);
  releaseGpu(lost);
  expect(await acquireGpu(options)).toBe(fresh);
  releaseGpu(fresh);
  releaseGpu(fresh);
});
