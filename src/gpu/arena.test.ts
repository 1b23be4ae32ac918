import { afterAll, expect, test } from "vitest";
import { nodeGpu } from "../node/gpu.ts";
import { Arena } from "./arena.ts";
import { type Gpu, openGpu } from "./gpu.ts";

const gpu = await openGpu({ gpu: await nodeGpu() });
afterAll(() => gpu.destroy());

/** The same GPU, whose buffers can be copied from. */
const legible = {
  buffer: (label: string, byteLength: number) => gpu.buffer(label, byteLength, GPUBufferUsage.COPY_SRC),
  write: gpu.write.bind(gpu),
  release: gpu.release.bind(gpu),
} as unknown as Gpu;

/** The bytes of a range. */
async function read({ buffer, offset = 0, size = 0 }: GPUBufferBinding): Promise<Uint8Array> {
  const padded = Math.ceil(size / 4) * 4;
  const target = gpu.buffer("read back", padded, GPUBufferUsage.MAP_READ);
  const encoder = gpu.device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, offset, target, 0, padded);
  gpu.device.queue.submit([encoder.finish()]);
  await target.mapAsync(GPUMapMode.READ);
  const bytes = new Uint8Array(target.getMappedRange().slice(0));
  gpu.release(target);
  return bytes;
}

test("every name keeps its own bytes, in few buffers, and all memory comes back", async () => {
  const before = gpu.bytes;
  const arena = new Arena(legible);
  const lengths = [3, 4, 255, 256, 257, 1 << 20, (1 << 20) - 1, 5, 1 << 22];
  const data = lengths.map((length, seed) => Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 255));
  for (const [i, bytes] of data.entries()) arena.upload(`t${i}`, bytes);
  for (const [i, bytes] of data.entries()) {
    const range = arena.get(`t${i}`)!;
    expect((range.offset ?? 0) % 256).toBe(0);
    expect(Buffer.compare((await read(range)).subarray(0, bytes.length), bytes)).toBe(0);
  }
  expect(new Set(data.map((_, i) => arena.get(`t${i}`)!.buffer)).size).toBeLessThanOrEqual(4);
  expect(arena.get("t99")).toBeUndefined();
  arena.destroy();
  expect(gpu.bytes).toBe(before);
});
