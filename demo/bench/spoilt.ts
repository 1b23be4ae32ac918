// A kernel that computes wrong results intentionally, to check that this is detected and not timed.

import type { AnyCases } from "../../src/testing/cases.ts";

/** The cases, with none of the kernel's work dispatched if it is the one of this name. */
export function spoilt(cases: AnyCases, name: string): AnyCases {
  const { kernel } = cases;
  if (kernel.name !== name) return cases;
  const idle = Object.entries(kernel.variants).map(([key, variant]) => [
    key,
    { ...variant, grid: () => [0] },
  ]);
  return { ...cases, kernel: { ...kernel, variants: Object.fromEntries(idle) } };
}
