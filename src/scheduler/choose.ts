// The first guess at a step's kernel and variant: by what the machine is, without measuring.

import { DeviceError } from "../errors/errors.ts";
import { type AnyKernel, type Capabilities, type Variant, variantsFor } from "../gpu/kernel.ts";
import type { Choice } from "./plan.ts";
import type { Step } from "./step.ts";

export interface Candidate {
  readonly kernel: AnyKernel;
  readonly name: string;
  readonly variant: Variant<never>;
}

/** Everything that computes a step on this machine, in the order of its kernels and their variants. */
export function candidatesFor(step: Step, machine: Capabilities): Candidate[] {
  const candidates = step.kernels.flatMap((kernel) =>
    variantsFor(kernel, machine, step.problem).map((name) => ({
      kernel,
      name,
      variant: kernel.variants[name] as Variant<never>,
    })),
  );
  if (candidates.length === 0)
    throw new DeviceError(`${step.label}: no variant of ${step.kernels[0].name} runs on this adapter`);
  return candidates;
}

/**
 * Shaped for this kind of adapter first. Then, on a GPU, dot4I8Packed, but f32 on Apple, where MSL has no int8 dot; on a
 * software adapter the order of the step's kernels, which is that of their speed there.
 */
export function chooseByTable(step: Step, machine: Capabilities): Choice {
  const kind = machine.software ? "software" : "gpu";
  const inner = machine.vendor === "apple" ? "f32" : "dot4";
  const distance = ({ variant }: Candidate) =>
    Number((variant.shapedFor ?? kind) !== kind) * 2 +
    Number(!machine.software && (variant.inner ?? inner) !== inner);
  const candidates = candidatesFor(step, machine);
  const best = candidates.reduce((a, b) => (distance(b) < distance(a) ? b : a));
  return {
    kernel: best.kernel,
    variant: best.name,
    why: `table: ${kind}, ${machine.vendor || "unknown vendor"}`,
  };
}
