import wgsl from "../../shaders/activate.wgsl?wgsl";
import { defineKernel } from "../gpu/kernel.ts";
import { type Activation, activationCode } from "../tensor/activation.ts";
import { flatGrid } from "./flat-grid.ts";

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
  variants: {
    plain: { wgsl, constants: () => ({}), grid: (problem: ActivateProblem) => flatGrid(vectors(problem)) },
  },
  params: (problem: ActivateProblem) => Uint32Array.of(vectors(problem), activationCode(problem.activation)),
  check: ({ rows, columns }: ActivateProblem) => {
    if (!(rows > 0 && columns > 0 && columns % 4 === 0))
      throw new RangeError(`activate: expected rows > 0 and 4 | columns; got ${rows}, ${columns}`);
  },
  macs: (problem) => 4 * vectors(problem),
  bytes: (problem) => 32 * vectors(problem),
});
