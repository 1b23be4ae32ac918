import { affineOf } from "../image/normalise.ts";
import { channelStride, patchGrid } from "../image/patches.ts";
import type { ResampleFilter } from "../image/resample.ts";
import { inputRange, type ResizePlan, resizePlan } from "../image/resize.ts";
import { resampleColumns } from "../image/resize-pixels.ts";
import { type AnyCases, GUARD, type HostArray, type Rng } from "../testing/cases.ts";
import { packParams, packTables } from "./resize.ts";
import { type ResizePatchesProblem, resizePatches, resizePatchesFloat } from "./resize-patches.ts";

interface Case extends ResizePatchesProblem {
  readonly pictureHeight: number;
  readonly resizedHeight: number;
  readonly cropY: number;
  readonly filter: ResampleFilter;
  /** Which image of the batch is written, and which of its patches are first. */
  readonly firstRow: number;
  readonly patchStart: number;
}

const IMAGENET = affineOf({ rescale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] });

function problem(
  name: string,
  pictureHeight: number,
  crop: [number, number, number],
  options: Partial<Case> = {},
) {
  const [width, height, patch] = crop;
  const layout = { width, height, patch, affine: IMAGENET };
  const settled = {
    ...layout,
    pictureHeight,
    ...{ resizedHeight: height, cropY: 0, filter: "bicubic", firstRow: 0, patchStart: 0 },
    patches: patchGrid(layout).patches,
    ...options,
  } as Omit<Case, "taps">;
  return { name, problem: { ...settled, taps: planOf(settled).rows.taps } };
}

function planOf({
  width,
  height,
  pictureHeight,
  resizedHeight,
  cropY,
  filter,
}: Omit<Case, "taps">): ResizePlan {
  return resizePlan(width, pictureHeight, {
    ...{ resizedWidth: width, cropX: 0, cropWidth: width },
    ...{ resizedHeight, cropY, cropHeight: height },
    filter,
  });
}

const PROBLEMS = [
  problem("one pixel", 1, [1, 1, 1]),
  problem("one row to many", 1, [16, 16, 8]),
  problem("as it is, third of a batch behind its class tokens", 16, [16, 16, 8], { firstRow: 7 }),
  problem("odd patches, a crop that is not whole patches", 29, [23, 17, 7]),
  problem("patch of 14, taller", 23, [42, 28, 14], { filter: "bilinear" }),
  problem("patch of 16, a thirtieth", 971, [32, 32, 16]),
  problem("black above a low picture", 9, [16, 16, 8], { resizedHeight: 9, cropY: -4 }),
  problem("second band of a crop", 200, [32, 64, 16], {
    resizedHeight: 80,
    cropY: 8,
    patchStart: 4,
    patches: 4,
  }),
  problem("DeiT", 300, [224, 224, 16], { resizedHeight: 256, cropY: 16 }),
];

/** Rows of the image that the band reads. */
function bandRows(problem: Case, { rows }: ResizePlan): { first: number; end: number } {
  const { across } = patchGrid(problem);
  const firstRow = (problem.patchStart / across) * problem.patch;
  const length = (problem.patches / across) * problem.patch;
  return inputRange({ ...rows, starts: rows.starts.subarray(firstRow, firstRow + length) });
}

function inputs(problem: Case, rng: Rng): Record<string, HostArray> {
  const plan = planOf(problem);
  const { first, end } = bandRows(problem, plan);
  const { tables, rowTable } = packTables(plan);
  const { patchStart, patches, firstRow } = problem;
  const resize = packParams({
    ...{ stripRows: 0, panelRows: 0, stripStart: 0, rowTable, firstRow },
    ...{ columnTaps: plan.columns.taps, rowTaps: plan.rows.taps },
    ...{ bandStart: first, patchStart, patchEnd: patchStart + patches },
  });
  return { narrow: rng.u8((end - first) * problem.width * 4), tables, resize };
}

/** Calls `visit` with each byte of the band's patches and its position in the output, and with undefined for padding. */
function forEachValue(
  problem: Case,
  narrow: Uint8Array,
  visit: (at: number, channel: number, byte: number | undefined) => void,
): void {
  const plan = planOf(problem);
  const { first, end } = bandRows(problem, plan);
  const { width, patch, patchStart, patches, firstRow } = problem;
  const grid = patchGrid(problem);
  const stride = channelStride(patch);
  // Rows outside of the band are black here and not looked at.
  const picture = new Uint8Array(problem.pictureHeight * width * 4);
  picture.set(narrow.subarray(0, (end - first) * width * 4), first * width * 4);
  const crop = resampleColumns({ data: picture, width, channels: 4 }, plan.rows, 0);
  for (let p = patchStart; p < patchStart + patches; p++)
    for (let c = 0; c < 3; c++)
      for (let i = 0; i < stride; i++) {
        const x = (p % grid.across) * patch + (i % patch);
        const y = Math.floor(p / grid.across) * patch + Math.floor(i / patch);
        const byte = i < patch * patch ? crop[(y * width + x) * 4 + c] : undefined;
        visit(((firstRow + p) * 3 + c) * stride + i, c, byte);
      }
}

/** Values up to the end of the dispatch; what lies before it keeps the runner's guard. */
function outputLength(problem: Case): number {
  const rows = problem.firstRow + problem.patchStart + problem.patches;
  return rows * 3 * channelStride(problem.patch);
}

const guarded = (byteLength: number) => new Uint8Array(byteLength).fill(GUARD).buffer;

const int8 = {
  kernel: resizePatches,
  problems: PROBLEMS,
  inputs,
  outputs: (problem: Case) => ({
    patches: { type: "i8", length: outputLength(problem) },
    scales: { type: "f32", length: outputLength(problem) / 64 },
  }),
  reference(problem: Case, { narrow }: Record<string, HostArray>) {
    const patches = new Int8Array(guarded(outputLength(problem)));
    const scales = new Float32Array(guarded(outputLength(problem) / 16));
    forEachValue(problem, narrow as Uint8Array, (at, channel, byte = 128) => {
      patches[at] = byte - 128;
      scales[at >> 6] = problem.affine.scale[channel];
    });
    return { patches, scales };
  },
  // Integers, and scales that are copied.
  tolerance: { patches: { abs: 0, rel: 0 }, scales: { abs: 0, rel: 0 } },
};

const float = {
  kernel: resizePatchesFloat,
  problems: PROBLEMS,
  inputs,
  outputs: (problem: Case) => ({ patches: { type: "f32", length: outputLength(problem) } }),
  reference(problem: Case, { narrow }: Record<string, HostArray>) {
    const patches = new Float32Array(guarded(outputLength(problem) * 4));
    const { scale, offset } = problem.affine;
    forEachValue(problem, narrow as Uint8Array, (at, channel, byte) => {
      patches[at] = byte === undefined ? 0 : byte * scale[channel] + offset[channel];
    });
    return { patches };
  },
  // A product up to 4.5 and its sum with the offset, each rounded to f32: 2 x 2^-22, and the constants' own rounding.
  tolerance: { patches: { abs: 1e-6, rel: 0 } },
};

export default [int8, float] as unknown as AnyCases[];
