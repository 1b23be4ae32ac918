import wgsl from "../../shaders/activate.wgsl?wgsl";
import { checkProblem, defineKernel } from "../gpu/kernel.ts";
import { type Activation, activationCode } from "../tensor/activation.ts";
import { flat } from "./flat.ts";

export interface ActivateProblem {
  readonly rows: number;
  readonly columns: number;
  readonly activation: Activation;
}

const vectors = ({ rows, columns }: ActivateProblem) => (rows * columns) / 4;

/** activation(x), f32 in and out. */
export const activate = defineKernel({
  name: "activate",
  bindings: { x: "read", out: "write", params: "uniform" },
  variants: { plain: flat(wgsl, vectors) },
  params: (problem: ActivateProblem) => Uint32Array.of(vectors(problem), activationCode(problem.activation)),
  check: ({ rows, columns }: ActivateProblem) => {
    const fits = rows > 0 && columns > 0 && columns % 4 === 0;
    checkProblem(fits, "activate", "rows > 0 and 4 | columns", rows, columns);
  },
  macs: (problem) => 4 * vectors(problem),
  bytes: (problem) => 32 * vectors(problem),
});
