// Holds one variant of a kernel to one problem of its cases: the fault in words, or none.

import type { Gpu } from "../gpu/gpu.ts";
import { type AnyCases, type HostArray, seeded, type Tolerance } from "./cases.ts";
import { runKernel } from "./run-kernel.ts";

/** What is wrong with the outputs of a variant, or undefined where they are right. */
export async function faultOf(
  gpu: Gpu,
  cases: AnyCases,
  problem: unknown,
  variant: string,
): Promise<string | undefined> {
  const inputs = cases.inputs(problem as never, seeded(7));
  const expected = cases.reference(problem as never, inputs as Record<string, HostArray>);
  const outputs = cases.outputs(problem as never);
  const run = await runKernel(gpu, cases.kernel, variant, problem, inputs, outputs);
  if (run.overruns.length > 0) return `written past their end: ${run.overruns.join(", ")}`;
  return faultOfOutputs(cases, run.outputs, expected);
}

export function faultOfOutputs(
  { tolerance }: AnyCases,
  outputs: Readonly<Record<string, HostArray>>,
  expected: Readonly<Record<string, ArrayLike<number>>>,
): string | undefined {
  const faults = Object.entries(outputs).map(([name, got]) =>
    faultOfOutput(name, got, expected[name], tolerance[name]),
  );
  return faults.find((fault) => fault !== undefined);
}

/** Speaks of the element that is furthest beyond its bound. */
function faultOfOutput(
  name: string,
  got: HostArray,
  expected: ArrayLike<number>,
  { abs, rel }: Tolerance,
): string | undefined {
  if (got.length !== expected.length)
    return `${name}: has ${got.length} elements, expected ${expected.length}`;
  let worst = 1;
  let at = -1;
  for (let i = 0; i < got.length; i++) {
    if (got[i] === expected[i] || (Number.isNaN(got[i]) && Number.isNaN(expected[i]))) continue;
    const excess = Math.abs(got[i] - expected[i]) / (abs + rel * Math.abs(expected[i]));
    if (!(excess <= worst)) {
      worst = Number.isNaN(excess) ? Number.POSITIVE_INFINITY : excess;
      at = i;
    }
  }
  if (at < 0) return undefined;
  return `${name}[${at}]: got ${got[at]}, expected ${expected[at]} within ${abs} + ${rel} relative`;
}
