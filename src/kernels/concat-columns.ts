import wgsl from "../../shaders/concat_columns.wgsl?wgsl";
import { checkProblem, defineKernel } from "../gpu/kernel.ts";
import { flat } from "./flat.ts";

/** One of the values that are put side by side, as it lies in memory. */
interface Side {
  /** For each image. */
  readonly rows: number;
  readonly columns: number;
  /** The number of used columns: a multiple of 4. */
  readonly width: number;
}

/** The first `rows` rows of x and y side by side, for each of `images` images. */
export interface ConcatColumnsProblem {
  readonly images: number;
  readonly rows: number;
  readonly columns: number;
  readonly x: Side;
  readonly y: Side;
}

const vectors = ({ images, rows, columns }: ConcatColumnsProblem) => (images * rows * columns) / 4;

/** f32 in and out. */
export const concatColumns = defineKernel({
  name: "concat_columns",
  bindings: { x: "read", y: "read", out: "write", params: "uniform" },
  variants: { plain: flat(wgsl, vectors) },
  params: (problem: ConcatColumnsProblem) => {
    const { rows, columns, x, y } = problem;
    const quarters = [x.width, y.width, x.columns, y.columns].map((count) => count / 4);
    return Uint32Array.of(vectors(problem), columns / 4, rows, ...quarters, x.rows, y.rows);
  },
  check: ({ images, rows, columns, x, y }: ConcatColumnsProblem) => {
    const sides = [x, y].every((side) => side.width > 0 && side.width % 4 === 0 && rows <= side.rows);
    const fits = images > 0 && rows > 0 && columns % 4 === 0 && x.width + y.width <= columns && sides;
    const expected = "images, rows > 0 and 4 | widths, whose sum is <= columns";
    checkProblem(fits, "concat_columns", expected, images, rows, x.width, y.width, columns);
  },
  macs: vectors,
  bytes: (problem) => 32 * vectors(problem),
});
