// Whether a variant computes what it should: nothing is timed before.

import { DeviceError } from "../errors/errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { AnyCases, HostArray } from "../testing/cases.ts";
import { runKernel } from "../testing/run-kernel.ts";
import { inputsOf } from "./timed-kernel.ts";

export interface Proof {
  /** The largest |got - expected| of all outputs. */
  readonly worstError: number;
  /** Whether every output is equal to the reference, as sums of integers are. */
  readonly exact: boolean;
}

/** @throws DeviceError for an output outside of the cases' tolerance, or written past its end. */
export async function provenOn(gpu: Gpu, cases: AnyCases, variant: string, problem: unknown): Promise<Proof> {
  const { kernel, tolerance } = cases;
  const inputs = inputsOf(cases, problem);
  const run = await runKernel(gpu, kernel, variant, problem, inputs, cases.outputs(problem as never));
  const name = `${kernel.name} ${variant}`;
  if (run.overruns.length > 0) throw new DeviceError(`${name}: wrote past the end of ${run.overruns}`);
  const expected = cases.reference(problem as never, inputs as Record<string, HostArray>);
  let worstError = 0;
  for (const [output, got] of Object.entries(run.outputs)) {
    const { abs, rel } = tolerance[output];
    for (let i = 0; i < got.length; i++) {
      const want = expected[output][i];
      if (got[i] === want || (Number.isNaN(got[i]) && Number.isNaN(want))) continue;
      const error = Math.abs(got[i] - want);
      if (!(error <= abs + rel * Math.abs(want)))
        throw new DeviceError(
          `${name}: ${output}[${i}] is ${got[i]}, expected ${want}: wrong on this driver`,
        );
      worstError = Math.max(worstError, error);
    }
  }
  return { worstError, exact: worstError === 0 };
}
