import type { ResampleFilter } from "../image/resample.ts";
import { inputRange, resizePlan } from "../image/resize.ts";
import { resampleRows } from "../image/resize-pixels.ts";
import { PANEL_WIDTH } from "../image/strips.ts";
import { GUARD, type KernelCases, type TextureData } from "../testing/cases.ts";
import { packParams, packTables } from "./resize.ts";
import { type ResizeRowsProblem, resizeRows } from "./resize-rows.ts";

interface Case extends ResizeRowsProblem {
  readonly pictureWidth: number;
  readonly filter: ResampleFilter;
  /** Of the crop, in the resized image; the whole of it is `resizedWidth`. */
  readonly cropX: number;
  readonly resizedWidth: number;
  /** Row of the output that the strip begins at. */
  readonly stripStart: number;
}

function problem(name: string, pictureWidth: number, resizedWidth: number, options: Partial<Case> = {}) {
  const base = {
    pictureWidth,
    resizedWidth,
    width: resizedWidth,
    rows: 3,
    filter: "bicubic",
    cropX: 0,
    stripStart: 0,
  };
  const settled = { ...base, ...options } as Omit<Case, "taps">;
  return { name, problem: { ...settled, taps: planOf(settled).columns.taps } };
}

function planOf({ pictureWidth, resizedWidth, filter, cropX, width }: Omit<Case, "taps">) {
  return resizePlan(pictureWidth, 1, {
    resizedWidth,
    resizedHeight: 1,
    cropX,
    cropY: 0,
    cropWidth: width,
    cropHeight: 1,
    filter,
  });
}

/** Noise that is mostly 0 and 255 reaches both filters' extremes: overshoots must clip. */
const harsh = (bytes: Uint8Array) => bytes.map((byte) => (byte < 96 ? 0 : byte > 160 ? 255 : byte));

export default {
  kernel: resizeRows,
  problems: [
    problem("one pixel", 1, 1, { rows: 1 }),
    problem("one pixel to many", 1, 7),
    problem("as it is", 31, 31),
    problem("prime, wider", 31, 37, { filter: "bilinear" }),
    problem("prime, narrower", 131, 67),
    problem("a thirtieth", 971, 32, { filter: "bilinear" }),
    problem("a thirtieth, cubic", 971, 33),
    problem("crop of the middle, second strip", 300, 256, { cropX: 16, width: 224, stripStart: 5, rows: 2 }),
    problem("black beside a narrow picture", 20, 20, { cropX: -6, width: 33 }),
    problem("wider than a texture", PANEL_WIDTH + 61, 17, { rows: 2 }),
  ],
  inputs(problem, rng) {
    const plan = planOf(problem);
    const { tables, rowTable } = packTables(plan);
    const { first, end } = inputRange(plan.columns);
    const { rows, stripStart } = problem;
    const resize = packParams({
      ...{ stripRows: rows, panelRows: rows, stripStart, rowTable },
      ...{ columnTaps: plan.columns.taps, rowTaps: plan.rows.taps },
      ...{ bandStart: 0, patchStart: 0, patchEnd: 0, firstRow: 0 },
    });
    return { picture: inPanels(harsh(rng.u8((end - first) * rows * 4)), end - first, rows), tables, resize };
  },
  outputs: ({ width, rows, stripStart }) => ({
    narrow: { type: "u8", length: (stripStart + rows) * width * 4 },
  }),
  reference(problem, inputs) {
    const { columns } = planOf(problem);
    const { first, end } = inputRange(columns);
    const { rows, width, stripStart } = problem;
    const data = outOfPanels(inputs.picture as unknown as TextureData, end - first, rows);
    const starts = columns.starts.map((start) => start - first);
    const rgb = resampleRows({ data, width: end - first, channels: 4 }, { ...columns, starts });
    // What lies before the strip keeps the guard that the runner fills outputs with.
    const narrow = new Uint8Array((stripStart + rows) * width * 4).fill(GUARD, 0, stripStart * width * 4);
    for (let i = 0; i < rows * width; i++)
      narrow.set(rgb.subarray(i * 3, i * 3 + 3), (stripStart * width + i) * 4);
    return { narrow };
  },
  // Integers throughout: equal to the CPU's, hence to Pillow's.
  tolerance: { narrow: { abs: 0, rel: 0 } },
} satisfies KernelCases<Case>;

/** The texture of a strip: columns beyond PANEL_WIDTH continue below. */
function inPanels(rgba: Uint8Array, columns: number, rows: number): TextureData {
  const width = Math.min(columns, PANEL_WIDTH);
  const height = Math.ceil(columns / PANEL_WIDTH) * rows;
  const texture = new Uint8Array(width * height * 4);
  forEachPixel(columns, rows, width, (pixel, texel) => texture.set(rgba.subarray(pixel, pixel + 4), texel));
  return { width, height, rgba: texture };
}

function outOfPanels({ width, rgba }: TextureData, columns: number, rows: number): Uint8Array {
  const picture = new Uint8Array(columns * rows * 4);
  forEachPixel(columns, rows, width, (pixel, texel) => picture.set(rgba.subarray(texel, texel + 4), pixel));
  return picture;
}

/** Byte offsets of each pixel in the image and in the texture. */
function forEachPixel(
  columns: number,
  rows: number,
  width: number,
  visit: (pixel: number, texel: number) => void,
): void {
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++) {
      const below = Math.floor(x / PANEL_WIDTH) * rows;
      visit((y * columns + x) * 4, ((y + below) * width + (x % PANEL_WIDTH)) * 4);
    }
}
