// Checks one variant of a kernel with one problem of its cases.

import type { Gpu } from "../gpu/gpu.ts";
import { type AnyCases, type HostArray, seeded, type TextureData } from "./cases.ts";
import { runKernel } from "./run-kernel.ts";

export interface Verdict {
  /** The error, in words; undefined if all outputs are correct. */
  readonly fault?: string;
  /** The largest |got - expected| of all outputs. */
  readonly worstError: number;
}

/** Host data of the inputs: the same numbers each time. */
export function inputsOf({ inputs }: AnyCases, problem: unknown): Record<string, HostArray | TextureData> {
  return inputs(problem as never, seeded(7));
}

export async function checkCase(
  gpu: Gpu,
  cases: AnyCases,
  problem: unknown,
  variant: string,
): Promise<Verdict> {
  const inputs = inputsOf(cases, problem);
  const run = await runKernel(gpu, cases.kernel, variant, problem, inputs, cases.outputs(problem as never));
  if (run.overruns.length > 0)
    return { fault: `written past their end: ${run.overruns.join(", ")}`, worstError: Number.NaN };
  return compareOutputs(cases, run.outputs, cases.reference(problem as never, inputs as Inputs));
}

type Inputs = Record<string, HostArray>;

/** Reports the element that is furthest beyond its bound. */
export function compareOutputs(
  { tolerance }: AnyCases,
  outputs: Readonly<Record<string, HostArray>>,
  expected: Readonly<Record<string, ArrayLike<number>>>,
): Verdict {
  let fault: string | undefined;
  let worstError = 0;
  let worstExcess = 1;
  for (const [name, got] of Object.entries(outputs)) {
    const { abs, rel } = tolerance[name];
    const wanted = expected[name];
    if (got.length !== wanted.length)
      return { fault: `${name}: has ${got.length} elements, expected ${wanted.length}`, worstError };
    for (let i = 0; i < got.length; i++) {
      const [value, want] = [got[i], wanted[i]];
      if (value === want || (Number.isNaN(value) && Number.isNaN(want))) continue;
      const error = Math.abs(value - want);
      worstError = Math.max(worstError, error);
      const excess = error / (abs + rel * Math.abs(want));
      if (excess <= worstExcess) continue;
      // a NaN is further off than any number
      worstExcess = Number.isNaN(excess) ? Number.POSITIVE_INFINITY : excess;
      fault = `${name}[${i}]: got ${value}, expected ${want} within ${abs} + ${rel} relative`;
    }
  }
  return { fault, worstError };
}
