// How a crop is cut into patches, and how a patch lies in memory: three channels, each padded to whole groups of 64.

import type { Affine } from "./normalise.ts";

/** The layout of a model's patches. */
export interface PatchLayout {
  /** Width of the crop, in pixels. */
  readonly width: number;
  readonly height: number;
  /** Side of a patch in pixels; a remainder of the crop beyond whole patches is left out. */
  readonly patch: number;
  readonly affine: Affine;
}

/** Values of one channel in a row of patches: patch * patch, rounded up to whole groups of 64. */
export const channelStride = (patch: number) => Math.ceil((patch * patch) / 64) * 64;

/** Patches of one image, across and in all. */
export function patchGrid({ width, height, patch }: PatchLayout): {
  across: number;
  down: number;
  patches: number;
} {
  const across = Math.floor(width / patch);
  const down = Math.floor(height / patch);
  return { across, down, patches: across * down };
}
