import { type Capabilities, variantsFor } from "../gpu/kernel.ts";
import type { AnyCases } from "./cases.ts";

export interface CaseRun {
  readonly name: string;
  readonly problem: never;
  readonly variant: string;
}

/** Each problem of a kernel with each variant that this machine runs, or, where it is sampled, with two of them, others for the next problem. */
export function runsOf({ kernel, problems }: AnyCases, machine: Capabilities): CaseRun[] {
  return problems.flatMap(({ name, problem, sampled }, i) =>
    variantsFor(kernel, machine, problem)
      .filter((_, j, { length }) => !sampled || (j + 2 * i) % length < 2)
      .map((variant) => ({ name, problem, variant })),
  );
}
