// A product in f32.

import { gemmFloatActivate, gemmFloatAdd } from "../kernels/gemm-float.ts";
import type { Linear } from "../network/op.ts";
import { step } from "../scheduler/step.ts";
import type { Steps } from "./lowering.ts";
import { addendOf, gemmProblem } from "./problems.ts";

/** The operands must be f32. */
export function floatLinear(op: Linear, steps: Steps): void {
  const { name, reads, out } = op;
  const problem = gemmProblem(op, steps.images);
  const addend = addendOf(op);
  const buffers = {
    a: reads[0].name,
    w: `${name}.weight`,
    bias: `${name}.bias`,
    out: steps.tensor(out, "f32"),
  };
  steps.add(
    addend
      ? step(name, "linear", gemmFloatAdd, problem, { ...buffers, addend })
      : step(name, "linear", gemmFloatActivate, problem, buffers),
  );
}
