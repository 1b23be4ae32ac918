// Checks that a variant computes the correct result before it is timed.

import { DeviceError } from "../errors/errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { AnyCases } from "../testing/cases.ts";
import { checkCase } from "../testing/check-case.ts";

export interface Proof {
  /** The largest |got - expected| of all outputs. */
  readonly worstError: number;
  /** Whether every output is equal to the reference, as sums of integers are. */
  readonly exact: boolean;
}

/** @throws DeviceError for an output outside of the cases' tolerance, or written past its end. */
export async function provenOn(gpu: Gpu, cases: AnyCases, variant: string, problem: unknown): Promise<Proof> {
  const { fault, worstError } = await checkCase(gpu, cases, problem, variant);
  if (fault) throw new DeviceError(`${cases.kernel.name} ${variant}: ${fault}: wrong on this driver`);
  return { worstError, exact: worstError === 0 };
}
