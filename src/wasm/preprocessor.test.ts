// Images resized and cut in WebAssembly: the bytes that TypeScript has, which are Pillow's.

import { expect, test } from "vitest";
import { inTypeScript } from "../cpu/patches.ts";
import { channelStride, patchGrid } from "../image/patches.ts";
import { resamplePlan } from "../image/resample.ts";
import { GUARD, seeded } from "../testing/cases.ts";
import { Heap } from "./heap.ts";
import { compileKernels, instantiateKernels } from "./module.ts";
import { preprocessorOn } from "./preprocessor.ts";

const module = await compileKernels(false);

/** With so many bytes before what it uses, of dirty memory. */
async function made(byteLength: number) {
  const heap = new Heap();
  const exports = await instantiateKernels(module, heap.memory);
  const at = heap.take(byteLength);
  heap.bytes(at, byteLength).fill(GUARD);
  const preprocessor = preprocessorOn(heap, heap.end, ({ name, units, args }) => {
    // In two parts, as threads have it.
    exports[name](0, units >> 1, ...args);
    exports[name](units >> 1, units, ...args);
  });
  return { preprocessor, heap, at };
}

test.each([
  ["much smaller", 500, 375, 224, "bicubic"],
  ["larger", 20, 13, 63, "bicubic"],
  ["as it is", 32, 32, 32, "bilinear"],
  ["one pixel", 1, 1, 7, "bilinear"],
  ["very wide", 3001, 2, 5, "bilinear"],
] as const)("%s", async (_, width, height, side, filter) => {
  const { preprocessor } = await made(0);
  const axis = (inputLength: number) =>
    resamplePlan({ inputLength, outputLength: side + 4, cropStart: 2, cropLength: side, filter });
  const raster = { data: seeded(width).u8(width * height * 4), width, channels: 4 };
  // Black and white, so that sums leave the range of bytes.
  for (let i = 0; i < raster.data.length; i++) if (i % 3) raster.data[i] = raster.data[i] > 127 ? 255 : 0;
  const rows = inTypeScript.rows(raster, axis(width));
  expect(preprocessor.rows(raster, axis(width))).toEqual(rows);
  const narrow = { data: rows, width: side, channels: 3 };
  expect(preprocessor.columns(narrow, axis(height), 0)).toEqual(
    inTypeScript.columns(narrow, axis(height), 0),
  );
});

test.each([
  ["16 pixels", 16, 3 * 16, 2 * 16],
  ["8, and some that are left over", 8, 4 * 8 + 3, 3 * 8 + 7],
  ["14, padded", 14, 2 * 14, 14],
  ["32", 32, 64, 32],
  ["33", 33, 66, 33],
] as const)("patches of %s", async (_, patch, width, height) => {
  const layout = { patch, width, height, affine: undefined as never };
  const rgb = seeded(patch).u8(width * height * 3);
  const expected = new Int8Array(patchGrid(layout).patches * 3 * channelStride(patch));
  inTypeScript.cut(rgb, layout, expected);
  const { preprocessor, heap, at } = await made(expected.length + 1 + rgb.length);
  const placed = heap.bytes(at + expected.length + 1, rgb.length);
  placed.set(rgb);
  preprocessor.cut(placed, layout, new Int8Array(heap.memory.buffer, at));
  const cut = new Int8Array(heap.memory.buffer, at, expected.length + 1);
  expect([...cut]).toEqual([...expected, GUARD]);
});
