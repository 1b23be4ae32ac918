import int8 from "../../shaders/resize_patches.wgsl";
import float from "../../shaders/resize_patches.wgsl?float&wgsl";
import { defineKernel } from "../gpu/kernel.ts";
import { channelStride, type PatchLayout, patchGrid } from "../image/patches.ts";

export interface ResizePatchesProblem extends PatchLayout {
  /** Patches made by this dispatch. */
  readonly patches: number;
  readonly taps: number;
}

function constants(problem: ResizePatchesProblem): Record<string, number> {
  const { width, height, patch, affine } = problem;
  const { across } = patchGrid(problem);
  const [SCALE_R, SCALE_G, SCALE_B] = affine.scale;
  return {
    WIDTH: width,
    HEIGHT: height,
    GRID_WIDTH: across,
    PATCH: patch,
    QUADS: channelStride(patch) / 4,
    SCALE_R,
    SCALE_G,
    SCALE_B,
  };
}

function floatConstants(problem: ResizePatchesProblem): Record<string, number> {
  const [OFFSET_R, OFFSET_G, OFFSET_B] = problem.affine.offset;
  return { ...constants(problem), OFFSET_R, OFFSET_G, OFFSET_B };
}

const grid = ({ patches, patch }: ResizePatchesProblem) =>
  [Math.ceil((patches * channelStride(patch)) / 256)] as const;

function check({ width, height, patch, patches }: ResizePatchesProblem): void {
  if (!(patch > 0 && width >= patch && height >= patch && patches > 0))
    throw new RangeError(`resize_patches: a crop of ${width} x ${height} has no patch of ${patch}`);
}

const macs = ({ patches, patch, taps }: ResizePatchesProblem) => 3 * patches * patch * patch * taps;
const bytes = (bytesPerValue: number) => (problem: ResizePatchesProblem) =>
  4 * problem.width * problem.taps + bytesPerValue * 3 * problem.patches * channelStride(problem.patch);

/**
 * Vertical pass, crop and cut into patches, in int8: patches [rows, 3, channelStride] = byte - 128, padding 0;
 * scales [rows, 3, channelStride / 64] = rescale / std of the channel.
 */
export const resizePatches = defineKernel({
  name: "resize_patches",
  bindings: { narrow: "read", tables: "read", resize: "uniform", patches: "write", scales: "write" },
  variants: { plain: { wgsl: int8, constants, grid } },
  check,
  macs,
  bytes: bytes(1),
});

/** The same in f32: patches [rows, 3, channelStride] = (byte * rescale - mean) / std, padding 0. */
export const resizePatchesFloat = defineKernel({
  name: "resize_patches_float",
  bindings: { narrow: "read", tables: "read", resize: "uniform", patches: "write" },
  variants: { plain: { wgsl: float, constants: floatConstants, grid } },
  check,
  macs,
  bytes: bytes(4),
});
