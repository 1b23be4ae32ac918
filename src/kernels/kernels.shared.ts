// Every variant of some kernels that this machine has, on every problem of their cases, against the f64 reference.

import { afterAll, describe, expect, test } from "vitest";
import { openGpu } from "../gpu/gpu.ts";
import { type AnyKernel, variantsFor } from "../gpu/kernel.ts";
import { nodeGpu } from "../node/gpu.ts";
import type { AnyCases } from "../testing/cases.ts";
import { checkCase } from "../testing/check-case.ts";
import { runsOf } from "../testing/runs.ts";

/** The modules of a glob of cases files. */
export type CasesFiles = Readonly<Record<string, AnyCases | readonly AnyCases[]>>;

export async function testKernels(files: CasesFiles): Promise<void> {
  const machines = {
    "all features": await openGpu({ gpu: await nodeGpu() }),
    "no subgroups": await openGpu({ gpu: await nodeGpu(), without: ["subgroups"] }),
  };
  afterAll(() => {
    for (const gpu of Object.values(machines)) gpu.destroy();
  });

  /** Without a feature only what changes is run again: a kernel whose variants are all still there is not. */
  const changes = (machine: keyof typeof machines, kernel: AnyKernel, problem: unknown) => {
    const [all, here] = [machines["all features"], machines[machine]].map(
      ({ capabilities }) => variantsFor(kernel, capabilities, problem).length,
    );
    return machine === "all features" || here < all;
  };

  for (const cases of Object.values(files).flat()) {
    const { kernel } = cases;
    for (const machine of ["all features", "no subgroups"] as const) {
      const gpu = machines[machine];
      const runs = runsOf(cases, gpu.capabilities).filter(({ problem }) => changes(machine, kernel, problem));
      if (runs.length === 0) continue;
      describe(`${kernel.name}, ${machine} on ${gpu.adapter.vendor} ${gpu.adapter.architecture}`, () => {
        // Not test.each, which puts names in quotes: `-t "add_rows.*DeiT-Ti, vectors"` selects by them.
        for (const { name, problem, variant } of runs)
          test(`${name}, ${variant}`, async () => {
            expect((await checkCase(gpu, cases, problem, variant)).fault).toBeUndefined();
          });
      });
    }
  }
}
