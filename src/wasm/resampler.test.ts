// Pictures resized in WebAssembly: the bytes that TypeScript has, which are Pillow's.

import { expect, test } from "vitest";
import { inTypeScript } from "../cpu/patches.ts";
import { resamplePlan } from "../image/resample.ts";
import { seeded } from "../testing/cases.ts";
import { Heap } from "./heap.ts";
import { compileKernels, instantiateKernels } from "./module.ts";
import { resamplerOn } from "./resampler.ts";

const module = await compileKernels(false);

test.each([
  ["much smaller", 500, 375, 224, "bicubic"],
  ["larger", 20, 13, 63, "bicubic"],
  ["as it is", 32, 32, 32, "bilinear"],
  ["one pixel", 1, 1, 7, "bilinear"],
  ["very wide", 3001, 2, 5, "bilinear"],
] as const)("%s", async (_, width, height, side, filter) => {
  const heap = new Heap();
  const exports = await instantiateKernels(module, heap.memory);
  const resampler = resamplerOn(heap, heap.end, ({ name, units, args }) => {
    // In two shares, as threads have it.
    exports[name](0, units >> 1, ...args);
    exports[name](units >> 1, units, ...args);
  });
  const axis = (inputLength: number) =>
    resamplePlan({ inputLength, outputLength: side + 4, cropStart: 2, cropLength: side, filter });
  const raster = { data: seeded(width).u8(width * height * 4), width, channels: 4 };
  // Black and white, so that sums leave the range of bytes.
  for (let i = 0; i < raster.data.length; i++) if (i % 3) raster.data[i] = raster.data[i] > 127 ? 255 : 0;
  const rows = inTypeScript.rows(raster, axis(width));
  expect(resampler.rows(raster, axis(width))).toEqual(rows);
  const narrow = { data: rows, width: side, channels: 3 };
  expect(resampler.columns(narrow, axis(height), 0)).toEqual(inTypeScript.columns(narrow, axis(height), 0));
});
