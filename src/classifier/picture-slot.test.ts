import { afterAll, describe, expect, test } from "vitest";
import { openGpu } from "../gpu/gpu.ts";
import { type Framing, pictureGeometry } from "../image/geometry.ts";
import { affineOf } from "../image/normalise.ts";
import { channelStride, patchGrid } from "../image/patches.ts";
import type { RawPicture } from "../image/picture.ts";
import { preprocessOnCpu } from "../image/resize-pixels.ts";
import { nodeGpu } from "../node/gpu.ts";
import { seeded } from "../testing/cases.ts";
import { openPicture } from "./picture.ts";
import { PictureSlot } from "./picture-slot.ts";

const gpu = await openGpu({ gpu: await nodeGpu() });
afterAll(() => gpu.destroy());

const affine = affineOf({ rescale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] });
const layout = { width: 32, height: 32, patch: 8, affine };
const { across, patches } = patchGrid(layout);
const stride = channelStride(layout.patch);
const IMAGES = 3;
const shortest: Framing = {
  resize: { mode: "shortest_edge", edge: 36 },
  crop: { width: 32, height: 32 },
  resample: "bicubic",
};
const exact: Framing = { resize: { mode: "exact", width: 32, height: 32 }, resample: "bilinear" };

/** An image of 20 x 25 or so within black. */
const padded: Framing = { ...shortest, resize: { mode: "shortest_edge", edge: 20 } };

async function slotFor(framing: Framing) {
  const output = (length: number) => gpu.buffer("output", length, GPUBufferUsage.COPY_SRC);
  const buffers = {
    patches: output(IMAGES * patches * 3 * stride),
    scales: output((IMAGES * patches * 3 * stride) / 16),
  };
  const slot = await PictureSlot.create(gpu, { framing, layout, ...buffers });
  return { slot, ...buffers };
}

function noise(width: number, height: number): RawPicture {
  return { width, height, rgba: seeded(width * 31 + height).u8(width * height * 4) };
}

/** Prepares the images and encodes the last one, as a network does. Returns the number of additional submits. */
async function run(slot: PictureSlot, pictures: RawPicture[]): Promise<number> {
  const { submits } = await counted(async () => {
    for (const [image, picture] of pictures.entries())
      slot.prepare(await openPicture(picture), image * patches);
    const encoder = gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    slot.encode(pass);
    pass.end();
    gpu.device.queue.submit([encoder.finish()]);
  });
  return submits - 1;
}

async function counted(work: () => Promise<void>): Promise<{ submits: number }> {
  const { queue } = gpu.device;
  const submit = queue.submit;
  let submits = 0;
  queue.submit = (buffers) => {
    submits++;
    return submit.call(queue, buffers);
  };
  await gpu.guarded("test", work);
  queue.submit = submit;
  return { submits };
}

async function read(source: GPUBuffer): Promise<ArrayBuffer> {
  const target = gpu.buffer("read back", source.size, GPUBufferUsage.MAP_READ);
  const encoder = gpu.device.createCommandEncoder();
  encoder.copyBufferToBuffer(source, 0, target, 0, source.size);
  gpu.device.queue.submit([encoder.finish()]);
  await target.mapAsync(GPUMapMode.READ);
  const bytes = target.getMappedRange().slice(0);
  gpu.release(target);
  return bytes;
}

/** [patches, 3, stride] int8 of an image, by way of the CPU. */
function expected(framing: Framing, { rgba, width, height }: RawPicture): Int8Array {
  const rgb = preprocessOnCpu(rgba, width, height, pictureGeometry(framing, width, height));
  const out = new Int8Array(patches * 3 * stride);
  for (let y = 0; y < layout.height; y++)
    for (let x = 0; x < layout.width; x++)
      for (let c = 0; c < 3; c++) {
        const cell = Math.floor(y / layout.patch) * across + Math.floor(x / layout.patch);
        const inside = (y % layout.patch) * layout.patch + (x % layout.patch);
        out[(cell * 3 + c) * stride + inside] = rgb[(y * layout.width + x) * 3 + c] - 128;
      }
  return out;
}

async function expectPatches(buffer: GPUBuffer, framing: Framing, pictures: RawPicture[]): Promise<void> {
  const got = new Int8Array(await read(buffer));
  for (const [image, picture] of pictures.entries()) {
    const own = got.subarray(image * patches * 3 * stride, (image + 1) * patches * 3 * stride);
    expect(own, `picture ${image}`).toEqual(expected(framing, picture));
  }
}

describe("patches equal the CPU's", () => {
  test.each<[string, Framing, number, number, number]>([
    ["small", shortest, 40, 50, 0],
    ["of one size with the crop", exact, 32, 32, 0],
    ["smaller than its crop", padded, 40, 50, 0],
    ["smaller than its crop, of several strips", padded, 1500, 900, 2],
    ["of several strips", exact, 1500, 900, 2],
    ["wider than a texture", exact, 9001, 40, 1],
    ["tall, of several bands", exact, 12, 40_000, 7],
  ])("%s", async (_, framing, width, height, extraSubmits) => {
    const { slot, patches, scales } = await slotFor(framing);
    const picture = noise(width, height);
    expect(await run(slot, [picture])).toBe(extraSubmits);
    await expectPatches(patches, framing, [picture]);
    expect([...new Float32Array(await read(scales), 0, 3)]).toEqual(affine.scale.map(Math.fround));
    slot.destroy();
    gpu.release(patches, scales);
  });

  test("a batch through one slot, growing in height, then in width", async () => {
    const { slot, patches, scales } = await slotFor(exact);
    const pictures = [noise(40, 50), noise(40, 90), noise(300, 60)];
    expect(await run(slot, pictures)).toBe(2);
    await expectPatches(patches, exact, pictures);
    slot.destroy();
    gpu.release(patches, scales);
  });
});

test("without scales the patches are normalised f32", async () => {
  const patchesF32 = gpu.buffer("patches", patches * 3 * stride * 4, GPUBufferUsage.COPY_SRC);
  const slot = await PictureSlot.create(gpu, { framing: exact, layout, patches: patchesF32 });
  const picture = noise(70, 50);
  await run(slot, [picture]);
  const got = new Float32Array(await read(patchesF32));
  const bytes = expected(exact, picture);
  const { scale, int8Offset } = affine;
  for (const [i, value] of got.entries()) {
    const channel = Math.floor(i / stride) % 3;
    // f32 rounding of values up to 2.7.
    expect(Math.abs(value - (bytes[i] * scale[channel] + int8Offset[channel]))).toBeLessThan(1e-6);
  }
  slot.destroy();
  gpu.release(patchesF32);
});

test("frames of one size allocate nothing, and destroy gives all back", async () => {
  const before = gpu.bytes;
  const { slot, patches, scales } = await slotFor(shortest);
  await run(slot, [noise(64, 48)]);
  const held = gpu.bytes;
  const { createBuffer, createTexture, createBindGroup } = gpu.device;
  const refuse = () => {
    throw new Error("allocates");
  };
  Object.assign(gpu.device, { createBuffer: refuse, createTexture: refuse, createBindGroup: refuse });
  await run(slot, [{ ...noise(48, 64), width: 64, height: 48 }]);
  Object.assign(gpu.device, { createBuffer, createTexture, createBindGroup });
  expect(gpu.bytes).toBe(held);
  slot.destroy();
  gpu.release(patches, scales);
  expect(gpu.bytes).toBe(before);
});
