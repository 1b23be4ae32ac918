import wgsl from "../../shaders/combine.wgsl?wgsl";
import { checkProblem, defineKernel } from "../gpu/kernel.ts";
import { type Activation, activationCode } from "../tensor/activation.ts";
import { flat } from "./flat.ts";

/** x + y, x y, or activation(x) y, on the first `rows` rows that each of `images` images has of both. */
export interface CombineProblem {
  readonly images: number;
  readonly rows: number;
  readonly columns: number;
  readonly xRows: number;
  /** 0: all images have the same y. */
  readonly yRows: number;
  /** Columns of x and y in memory, of which those of x are the first, and those of y begin at `yFirst`; default: `columns`, at 0. */
  readonly xColumns?: number;
  readonly yColumns?: number;
  readonly yFirst?: number;
  readonly by: "sum" | "product" | Activation;
}

const SUM = 255;
const vectors = ({ images, rows, columns }: CombineProblem) => (images * rows * columns) / 4;

/** f32 in and out. */
export const combine = defineKernel({
  name: "combine",
  bindings: { x: "read", y: "read", out: "write", params: "uniform" },
  variants: { plain: flat(wgsl, vectors) },
  params: (problem: CombineProblem) => {
    const { rows, columns, xRows, yRows, by } = problem;
    const operation = by === "sum" ? SUM : by === "product" ? 0 : activationCode(by);
    const { xColumns = columns, yColumns = columns, yFirst = 0 } = problem;
    const strides = [xColumns / 4, yColumns / 4, yFirst / 4];
    return Uint32Array.of(vectors(problem), columns / 4, rows, xRows, yRows, ...strides, operation);
  },
  check: ({ images, rows, columns, xRows, yRows }: CombineProblem) => {
    const fits =
      images > 0 && rows > 0 && columns % 4 === 0 && rows <= xRows && (rows <= yRows || yRows === 0);
    const expected = "images > 0, 4 | columns and 0 < rows <= those of x and y";
    checkProblem(fits, "combine", expected, images, columns, rows, xRows, yRows);
  },
  macs: (problem) => 4 * vectors(problem),
  bytes: (problem) => 48 * vectors(problem),
});
