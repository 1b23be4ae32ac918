/** Where patches of one image have their like in another: cosines of patch features, no page. */
import type { Features } from "../../src/index.ts";
import { cosine } from "../classify/vectors.ts";

/** The grid that a heat map and its cells lie on. */
export type Grid = Pick<Features, "width" | "height">;

/** [channels] of the patch with this number, counted row by row. */
function patchOf({ channels, data }: Features, patch: number): Float32Array {
  return data.subarray(patch * channels, (patch + 1) * channels);
}

/** Cosine of patch number `patch` of `from` with each patch of `to`, [height, width]; -1 to 1. */
export function likeness(from: Features, patch: number, to: Features): Float32Array {
  const wanted = patchOf(from, patch);
  return Float32Array.from({ length: to.width * to.height }, (_, i) => cosine(wanted, patchOf(to, i)));
}

export type Direction = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown" | "Home" | "End";

/** The patch that a key leads to, as in any grid: an arrow ends at the border, Home and End are of the row. */
export function step(patch: number, { width, height }: Grid, key: Direction): number {
  const [row, column] = [Math.floor(patch / width), patch % width];
  const clamp = (value: number, count: number) => Math.max(0, Math.min(count - 1, value));
  const at = (row: number, column: number) => clamp(row, height) * width + clamp(column, width);
  return {
    ArrowLeft: at(row, column - 1),
    ArrowRight: at(row, column + 1),
    ArrowUp: at(row - 1, column),
    ArrowDown: at(row + 1, column),
    Home: at(row, 0),
    End: at(row, width - 1),
  }[key];
}
