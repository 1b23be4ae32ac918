import wgsl from "../../shaders/combine.wgsl?wgsl";
import { checkProblem, defineKernel } from "../gpu/kernel.ts";
import { type Activation, activationCode } from "../tensor/activation.ts";
import { flat } from "./flat.ts";

/** x + y, or activation(x) y, on the first `rows` rows that each of `images` images has of both. */
export interface CombineProblem {
  readonly images: number;
  readonly rows: number;
  readonly columns: number;
  readonly xRows: number;
  /** 0: all images have the same y. */
  readonly yRows: number;
  readonly by: "sum" | Activation;
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
    const operation = by === "sum" ? SUM : activationCode(by);
    return Uint32Array.of(vectors(problem), columns / 4, rows, xRows, yRows, operation);
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
