import wgsl from "../../shaders/mean_rows.wgsl?wgsl";
import { checkProblem, defineKernel } from "../gpu/kernel.ts";

/** The mean of `count` rows from `first` on, of the `xRows` rows that each of `images` images has. */
export interface MeanRowsProblem {
  readonly images: number;
  readonly columns: number;
  readonly xRows: number;
  readonly first: number;
  readonly count: number;
}

const vectors = ({ images, columns }: MeanRowsProblem) => (images * columns) / 4;

/** f32 in and out. */
export const meanRows = defineKernel({
  name: "mean_rows",
  bindings: { x: "read", out: "write", params: "uniform" },
  variants: { plain: { wgsl, grid: (problem: MeanRowsProblem) => [Math.ceil(vectors(problem) / 64)] } },
  params: (problem: MeanRowsProblem) => {
    const { columns, xRows, first, count } = problem;
    return Uint32Array.of(vectors(problem), columns / 4, xRows, first, count);
  },
  check: ({ images, columns, xRows, first, count }: MeanRowsProblem) => {
    const fits = images > 0 && columns > 0 && columns % 4 === 0 && count > 0 && first + count <= xRows;
    const expected = "images, count > 0, 4 | columns and first + count <= rows";
    checkProblem(fits, "mean_rows", expected, images, count, columns, first, xRows);
  },
  macs: (problem) => vectors(problem) * problem.count,
  bytes: (problem) => 16 * vectors(problem) * (problem.count + 1),
});
