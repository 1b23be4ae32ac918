import wgsl from "../../shaders/resize_rows.wgsl";
import { checkProblem, defineKernel } from "../gpu/kernel.ts";

export interface ResizeRowsProblem {
  /** Pixels of a resized row: the crop's width. */
  readonly width: number;
  /** Image rows in the texture. */
  readonly rows: number;
  /** Image pixels read for one pixel made. */
  readonly taps: number;
}

/** Horizontal pass of Pillow's antialiased resize: texture -> [rows, width] RGB bytes. */
export const resizeRows = defineKernel({
  name: "resize_rows",
  bindings: { picture: "texture", tables: "read", resize: "uniform", narrow: "write" },
  variants: {
    plain: {
      wgsl,
      constants: ({ width }: ResizeRowsProblem) => ({ WIDTH: width }),
      grid: ({ width, rows }) => [Math.ceil(width / 32), Math.ceil(rows / 2)],
    },
  },
  check: ({ width, rows }) =>
    checkProblem(width > 0 && rows > 0, "resize_rows", "width and rows > 0", width, rows),
  macs: ({ width, rows, taps }) => 3 * width * rows * taps,
  bytes: ({ width, rows, taps }) => 4 * width * (rows + 1 + taps),
});
