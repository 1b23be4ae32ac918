// Resize and crop of pixels on the CPU: what runs there, and the reference that the kernels must equal.

import type { Geometry } from "./geometry.ts";
import { PRECISION_BITS, type ResamplePlan } from "./resample.ts";
import { inputRange, resizePlan } from "./resize.ts";

/** Row-major interleaved bytes of `channels` a pixel. */
export interface Raster {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly channels: number;
}

/** RGBA bytes [height, width, 4] -> RGB bytes [cropHeight, cropWidth, 3], equal to Pillow's resize and crop of the RGB image. */
export function preprocessOnCpu(
  rgba: Uint8Array | Uint8ClampedArray,
  width: number,
  height: number,
  geometry: Geometry,
): Uint8Array {
  const { columns, rows } = resizePlan(width, height, geometry);
  const { first, end } = inputRange(rows);
  const strip = rgba.subarray(first * width * 4, end * width * 4);
  const narrow = resampleRows({ data: strip, width, channels: 4 }, columns);
  return resampleColumns({ data: narrow, width: columns.starts.length, channels: 3 }, rows, first);
}

/** Horizontal pass: every row of the raster to the plan's length; keeps red, green and blue, rounded to 8 bits as Pillow does. */
export function resampleRows({ data, width, channels }: Raster, plan: ResamplePlan): Uint8Array {
  const length = plan.starts.length;
  const height = data.length / (width * channels);
  const out = new Uint8Array(height * length * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < length; x++)
      for (let c = 0; c < 3; c++) {
        const from = (y * width + plan.starts[x]) * channels + c;
        out[(y * length + x) * 3 + c] = resampled(data, from, channels, plan, x);
      }
  return out;
}

/** Vertical pass over RGB rows, of which the first is row `firstRow` of the image. */
export function resampleColumns(
  { data, width, channels }: Raster,
  plan: ResamplePlan,
  firstRow: number,
): Uint8Array {
  const height = plan.starts.length;
  const stride = width * channels;
  const out = new Uint8Array(height * stride);
  for (let y = 0; y < height; y++)
    for (let i = 0; i < stride; i++)
      out[y * stride + i] = resampled(data, (plan.starts[y] - firstRow) * stride + i, stride, plan, y);
  return out;
}

function resampled(
  data: Raster["data"],
  from: number,
  stride: number,
  plan: ResamplePlan,
  output: number,
): number {
  const { taps, weights } = plan;
  let sum = 1 << (PRECISION_BITS - 1);
  for (let t = 0; t < taps; t++) sum += weights[output * taps + t] * data[from + t * stride];
  return Math.min(255, Math.max(0, sum >> PRECISION_BITS));
}
