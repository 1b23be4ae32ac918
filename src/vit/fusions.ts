// Which steps one may stand for: a projection, FC2 or the patch embedding and the LayerNorm of what it has written; all
// from one attention to the next.

import type { BlockRowsProblem } from "../kernels/block-rows.ts";
import type { GemmProblem } from "../kernels/gemm.ts";
import type { LayerNormProblem } from "../kernels/layernorm.ts";
import { type Fusion, type Step, step } from "../scheduler/step.ts";
import type { Int8Kernels } from "./kernels.ts";

/** By the label of the first of those steps, for the most of them first; none where `kernels` has nothing that does so much. */
export function fusionsOf(
  steps: readonly Step[],
  kernels: Int8Kernels,
): ReadonlyMap<string, readonly Fusion[]> {
  const fusions = new Map<string, readonly Fusion[]>();
  for (const [i, { label }] of steps.entries()) {
    const found = [restOfBlock(steps.slice(i, i + 6), kernels), withNorm(steps.slice(i, i + 2), kernels)];
    const here = found.filter((fusion) => fusion !== undefined);
    if (here.length > 0) fusions.set(label, here);
  }
  return fusions;
}

/** A product that is added to the residual stream, and the norm behind it. */
function withNorm([first, second]: readonly Step[], kernels: Int8Kernels): Fusion | undefined {
  const { gemmNorm, gemmAdd, layernormQuantize } = kernels;
  const fits = first.kernels === gemmAdd && second?.kernels === layernormQuantize;
  if (!gemmNorm || !fits || second.buffers.x !== first.buffers.out) return undefined;
  const { width, eps } = second.problem as LayerNormProblem;
  const { a, w, a_scale, addend, out } = first.buffers;
  const label = fusedLabel(first.label, second.label);
  const problem = { ...(first.problem as GemmProblem), width, eps };
  const buffers = { a, w, a_scale, addend, out, vectors: `${label}.vectors`, ...normOf(second) };
  return { step: step(label, gemmNorm, problem, buffers), count: 2 };
}

/**
 * Projection, norm, FC1, FC2, and norm, Q, K and V of the next block, as long as every row stays itself: not in the last
 * block, which leaves most rows out.
 */
function restOfBlock(steps: readonly Step[], kernels: Int8Kernels): Fusion | undefined {
  const { blockRows, gemmAdd, gemmQuantize, layernormQuantize } = kernels;
  const kinds = [gemmAdd, layernormQuantize, gemmQuantize, gemmAdd, layernormQuantize, gemmQuantize];
  if (!blockRows || steps.length < kinds.length || steps.some((step, i) => step.kernels !== kinds[i]))
    return undefined;
  const [proj, norm2, fc1, fc2, norm, qkv] = steps;
  const { rows, k, n, rowsPerImage } = proj.problem as GemmProblem;
  if (rowsPerImage !== undefined) return undefined;
  const { n: hidden, activation } = fc1.problem as GemmProblem;
  const { n: next } = qkv.problem as GemmProblem;
  const { width, eps } = norm.problem as LayerNormProblem;
  const problem: BlockRowsProblem = { rows, k, n, hidden, next, width, eps, activation };
  const { a, a_scale, addend, w } = proj.buffers;
  const label = fusedLabel(...(steps.map((step) => step.label) as [string, ...string[]]));
  const buffers = {
    ...{ a, a_scale, x: addend, proj: w, fc1: fc1.buffers.w, fc2: fc2.buffers.w, qkv: qkv.buffers.w },
    vectors: `${fusedLabel(proj.label, norm2.label)}.vectors`,
    out: fc2.buffers.out,
    ...normOf(norm),
    next: qkv.buffers.out,
    next_scale: qkv.buffers.out_scale,
  };
  return { step: step(label, blockRows, problem, buffers), count: kinds.length };
}

const normOf = ({ buffers }: Step) => ({ norm: buffers.out, norm_scale: buffers.out_scale });

/** Such as `blocks.3.proj+norm2`, of the kind `proj+norm2`. */
export function fusedLabel(first: string, ...others: string[]): string {
  return [first, ...others.map((label) => label.split(".").at(-1))].join("+");
}
