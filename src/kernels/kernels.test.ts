// Every kernel, every variant this machine has, every problem of its cases file, against the f64 reference.

import { afterAll, describe, expect, test } from "vitest";
import { openGpu } from "../gpu/gpu.ts";
import { type AnyKernel, variantsFor } from "../gpu/kernel.ts";
import { nodeGpu } from "../node/gpu.ts";
import type { AnyCases } from "../testing/cases.ts";
import { faultOf } from "../testing/check-case.ts";

const suites = import.meta.glob<AnyCases | readonly AnyCases[]>("./*.cases.ts", {
  eager: true,
  import: "default",
});
const machines = {
  "all features": await openGpu({ gpu: await nodeGpu() }),
  "no subgroups": await openGpu({ gpu: await nodeGpu(), without: ["subgroups"] }),
};
afterAll(() => {
  for (const gpu of Object.values(machines)) gpu.destroy();
});

for (const cases of Object.values(suites).flat()) {
  const { kernel, problems } = cases;
  for (const [machine, gpu] of Object.entries(machines)) {
    const runs = problems.flatMap(({ name, problem }) =>
      variantsOf(machine, kernel, problem).map((variant) => ({ name, problem, variant })),
    );
    if (runs.length === 0) continue;
    describe(`${kernel.name}, ${machine} on ${gpu.adapter.vendor} ${gpu.adapter.architecture}`, () => {
      test.each(runs)("$name, $variant", async ({ problem, variant }) => {
        expect(await faultOf(gpu, cases, problem, variant)).toBeUndefined();
      });
    });
  }
}

/** Without a feature only what changes is run again: a kernel whose variants are all still there is not. */
function variantsOf(machine: string, kernel: AnyKernel, problem: unknown): string[] {
  const all = variantsFor(kernel, machines["all features"].capabilities, problem);
  const here = variantsFor(kernel, machines[machine as keyof typeof machines].capabilities, problem);
  return machine === "all features" || here.length < all.length ? here : [];
}
