// An image on the CPU, resized as Pillow does and cut into the rows that the patch embedding reads.

import { channelStride, type PatchLayout, patchGrid } from "../image/patches.ts";
import type { ResamplePlan } from "../image/resample.ts";
import { inputRange, type ResizePlan } from "../image/resize.ts";
import { type Raster, resampleColumns, resampleRows } from "../image/resize-pixels.ts";

/** RGBA of the rows [y, y + height) and columns [x, x + width) of an image. */
export type ReadRegion = (
  x: number,
  y: number,
  width: number,
  height: number,
) => Uint8Array | Uint8ClampedArray;

/** Rows read at a time: an image of 100 megapixels never lies in memory as a whole. */
const STRIP_PIXELS = 1 << 20;

/** Converts the pixels of an image to int8 patches. The returned bytes are valid until the next call. */
export interface Preprocessor {
  /** The first pass of a resize: rows of RGBA, of which RGB is kept. */
  readonly rows: (raster: Raster, plan: ResamplePlan) => Uint8Array;
  /** The second: rows of RGB, of which the first is row `firstRow` of the image. */
  readonly columns: (raster: Raster, plan: ResamplePlan, firstRow: number) => Uint8Array;
  /** RGB bytes of the crop to patches [rows, 3, stride] = byte - 128; their padding is zero, or becomes it. */
  readonly cut: (rgb: Uint8Array, layout: PatchLayout, patches: Int8Array) => void;
}

export const inTypeScript: Preprocessor = { rows: resampleRows, columns: resampleColumns, cut: cutPatches };

/** RGB bytes [height, width, 3] of the model's input. */
export function croppedPixels(
  read: ReadRegion,
  { columns, rows }: ResizePlan,
  preprocessor: Preprocessor,
): Uint8Array {
  const [across, down] = [inputRange(columns), inputRange(rows)];
  const starts = columns.starts.map((start) => start - across.first);
  const stripWidth = across.end - across.first;
  const stripRows = Math.max(1, Math.floor(STRIP_PIXELS / stripWidth));
  const narrow = new Uint8Array((down.end - down.first) * starts.length * 3);
  for (let y = down.first; y < down.end; y += stripRows) {
    const data = read(across.first, y, stripWidth, Math.min(stripRows, down.end - y));
    const strip = preprocessor.rows({ data, width: stripWidth, channels: 4 }, { ...columns, starts });
    narrow.set(strip, (y - down.first) * starts.length * 3);
  }
  return preprocessor.columns({ data: narrow, width: starts.length, channels: 3 }, rows, down.first);
}

function cutPatches(rgb: Uint8Array, layout: PatchLayout, patches: Int8Array): void {
  const { patch } = layout;
  forEachRow(layout, (pixel, at, channel) => {
    for (let x = 0; x < patch; x++) patches[at + x] = rgb[pixel + 3 * x + channel] - 128;
  });
}

/** Scales of int8 patches, [rows, 3, stride / 64] = rescale / std of the channel. */
export function patchScales(layout: PatchLayout, scales: Float32Array): void {
  const groups = channelStride(layout.patch) / 64;
  const count = patchGrid(layout).patches * 3 * groups;
  for (let i = 0; i < count; i++) scales[i] = layout.affine.scale[Math.floor(i / groups) % 3];
}

/** Patches in f32: (byte * rescale - mean) / std. */
export function floatPatches(rgb: Uint8Array, layout: PatchLayout, patches: Float32Array) {
  const { affine, patch } = layout;
  forEachRow(layout, (pixel, at, channel) => {
    const [scale, offset] = [affine.scale[channel], affine.offset[channel]];
    for (let x = 0; x < patch; x++) patches[at + x] = rgb[pixel + 3 * x + channel] * scale + offset;
  });
}

/** Every row of pixels of every patch: the position of its first pixel in the crop, its destination, and its channel. */
function forEachRow(layout: PatchLayout, visit: (pixel: number, at: number, channel: number) => void): void {
  const { width, patch } = layout;
  const { across, patches } = patchGrid(layout);
  const stride = channelStride(patch);
  for (let p = 0; p < patches; p++) {
    const corner = Math.floor(p / across) * patch * width + (p % across) * patch;
    for (let channel = 0; channel < 3; channel++)
      for (let y = 0; y < patch; y++)
        visit((corner + y * width) * 3, (p * 3 + channel) * stride + y * patch, channel);
  }
}
