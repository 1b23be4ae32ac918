import wgsl from "../../shaders/gather_rows.wgsl?wgsl";
import { checkProblem, defineKernel } from "../gpu/kernel.ts";
import { flat } from "./flat.ts";

/** For each of `images` images, rows of x by their number, `pieces` of them side by side. */
export interface GatherRowsProblem {
  readonly images: number;
  /** Rows of the result, per image. */
  readonly rows: number;
  readonly columns: number;
  readonly pieces: number;
  /** Columns of x that are a piece: a multiple of 4. */
  readonly width: number;
  /** 0: all images have the same x. */
  readonly xRows: number;
  readonly xColumns: number;
}

const vectors = ({ images, rows, columns }: GatherRowsProblem) => (images * rows * columns) / 4;

/** out[row] = rows index[row, 0], index[row, 1], ... of x side by side, f32; row -1 is zeros. */
export const gatherRows = defineKernel({
  name: "gather_rows",
  bindings: { x: "read", index: "read", out: "write", params: "uniform" },
  variants: { plain: flat(wgsl, vectors) },
  params: (problem: GatherRowsProblem) => {
    const { rows, columns, pieces, width, xRows, xColumns } = problem;
    return Uint32Array.of(vectors(problem), columns / 4, rows, width / 4, xColumns / 4, xRows, pieces);
  },
  check: ({ images, rows, columns, pieces, width, xColumns }: GatherRowsProblem) => {
    const piece = width > 0 && width % 4 === 0 && width <= xColumns && pieces * width <= columns;
    const fits = images > 0 && rows > 0 && pieces > 0 && piece && columns % 4 === 0 && xColumns % 4 === 0;
    const expected = "images, rows, pieces > 0 and 4 | width, pieces * width <= columns";
    checkProblem(fits, "gather_rows", expected, images, rows, pieces, width, columns);
  },
  macs: vectors,
  bytes: (problem) => 32 * vectors(problem),
});
