// Which two steps one may stand for: a projection, FC2 or the patch embedding, and the LayerNorm of what it has written.

import type { GemmProblem } from "../kernels/gemm.ts";
import type { LayerNormProblem } from "../kernels/layernorm.ts";
import { type Step, step } from "../scheduler/step.ts";
import type { Int8Kernels } from "./kernels.ts";

/** By the label of the first of each two; none where `kernels` has nothing that does both. */
export function fusionsOf(steps: readonly Step[], kernels: Int8Kernels): ReadonlyMap<string, Step> {
  const fusions = new Map<string, Step>();
  for (const [i, first] of steps.entries()) {
    const second = steps[i + 1];
    const fits = first.kernels === kernels.gemmAdd && second?.kernels === kernels.layernormQuantize;
    if (kernels.gemmNorm && fits && second.buffers.x === first.buffers.out)
      fusions.set(first.label, fused(first, second, kernels.gemmNorm));
  }
  return fusions;
}

function fused(first: Step, second: Step, kernels: NonNullable<Int8Kernels["gemmNorm"]>): Step {
  const label = fusedLabel(first.label, second.label);
  const { width, eps } = second.problem as LayerNormProblem;
  const { a, w, a_scale, addend, out } = first.buffers;
  return step(
    label,
    kernels,
    { ...(first.problem as GemmProblem), width, eps },
    {
      ...{ a, w, a_scale, addend, out },
      vectors: `${label}.vectors`,
      norm: second.buffers.out,
      norm_scale: second.buffers.out_scale,
    },
  );
}

/** Such as `blocks.3.proj+norm2`, of the kind `proj+norm2`. */
export function fusedLabel(first: string, second: string): string {
  return `${first}+${second.split(".").at(-1)}`;
}
