// Swin's windows on a grid of any size. Libraries differ where the grid is smaller than a window, or no whole number of windows: then
// rows of zeros are put behind it, which are keys as any other.

import { unsupported } from "../format/fields.ts";
import type { Grid, Windows } from "./op.ts";

/** `timm`, and transformers' Swin and Swin V2. */
export type Windowing = "timm" | "swin" | "swinv2";

interface Place {
  /** Tokens across and down. */
  readonly grid: Grid;
  /** The same as the library counts them, which rounds halves down from stage to stage. */
  readonly resolution: Grid;
  readonly window: number;
  readonly shifted: boolean;
}

const AXES = ["width", "height"] as const;
type Axis = (typeof AXES)[number];
const each = (of: (axis: Axis) => number): Grid => ({ width: of("width"), height: of("height") });

/** Windows of the padded grid. @throws UnsupportedModelError where the library itself fails */
export function windowsOf(
  windowing: Windowing,
  at: string,
  { grid, resolution, window, shifted }: Place,
): Windows {
  const [least, { height }] = [Math.min(grid.width, grid.height), resolution];
  if (windowing === "swin" && least < window)
    throw unsupported(at, `a window of at most ${least}, the shorter side of its grid`, window);
  // transformers has one size and one shift for both axes.
  const side = (axis: Axis) => ({ timm: resolution[axis], swin: least, swinv2: height })[windowing];
  const size = each((axis) => Math.min(window, side(axis)));
  const shift = each((axis) => (shifted && side(axis) > size[axis] ? Math.floor(window / 2) : 0));
  return { grid: each((axis) => size[axis] * Math.ceil(grid[axis] / size[axis])), size, shift };
}

/** The source of each row of a padded grid, -1 for zeros, and the positions of the grid's rows in it. */
export interface Padding {
  readonly pad: readonly number[];
  readonly crop: readonly number[];
}

/** Undefined for a whole number of windows. */
export function paddingOf(
  windowing: Windowing,
  grid: Grid,
  { grid: padded, shift }: Windows,
): Padding | undefined {
  if (AXES.every((axis) => grid[axis] === padded[axis])) return undefined;
  // timm shifts before it pads: a row's place is the one that the shift of the padded grid takes to where timm has it.
  const place = (axis: Axis, at: number) => {
    if (windowing !== "timm") return at;
    const shifted = (at - shift[axis] + grid[axis]) % grid[axis];
    return (shifted + shift[axis]) % padded[axis];
  };
  const crop = Array.from({ length: grid.width * grid.height }, (_, i) => {
    const [x, y] = [place("width", i % grid.width), place("height", Math.floor(i / grid.width))];
    return y * padded.width + x;
  });
  const pad = new Array<number>(padded.width * padded.height).fill(-1);
  for (const [row, at] of crop.entries()) pad[at] = row;
  return { pad, crop };
}
