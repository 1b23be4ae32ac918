// Every kernel, every variant this machine has, every problem of its cases file, against the f64 reference.

import { afterAll, describe, expect, test } from "vitest";
import { type Gpu, openGpu } from "../gpu/gpu.ts";
import { type AnyKernel, variantsFor } from "../gpu/kernel.ts";
import { nodeGpu } from "../node/gpu.ts";
import { type AnyCases, type HostArray, seeded } from "../testing/cases.ts";
import { runKernel } from "../testing/run-kernel.ts";

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
      test.each(runs)("$name, $variant", ({ problem, variant }) => check(gpu, cases, problem, variant));
    });
  }
}

/** Without a feature only what changes is run again: a kernel whose variants are all still there is not. */
function variantsOf(machine: string, kernel: AnyKernel, problem: unknown): string[] {
  const all = variantsFor(kernel, machines["all features"].capabilities, problem);
  const here = variantsFor(kernel, machines[machine as keyof typeof machines].capabilities, problem);
  return machine === "all features" || here.length < all.length ? here : [];
}

async function check(gpu: Gpu, cases: AnyCases, problem: unknown, variant: string): Promise<void> {
  const { kernel, tolerance } = cases;
  const inputs = cases.inputs(problem as never, seeded(7));
  const expected = cases.reference(problem as never, inputs as Record<string, HostArray>);
  const run = await runKernel(gpu, kernel, variant, problem, inputs, cases.outputs(problem as never));
  expect(run.overruns, "outputs written past their end").toEqual([]);
  for (const [output, got] of Object.entries(run.outputs))
    expectClose(output, got, expected[output], tolerance[output]);
}

function expectClose(
  output: string,
  got: HostArray,
  expected: ArrayLike<number>,
  { abs, rel }: { abs: number; rel: number },
): void {
  expect(got.length, `${output}: length`).toBe(expected.length);
  let worst = 0;
  let at = -1;
  for (let i = 0; i < got.length; i++) {
    if (got[i] === expected[i] || (Number.isNaN(got[i]) && Number.isNaN(expected[i]))) continue;
    const excess = Math.abs(got[i] - expected[i]) / (abs + rel * Math.abs(expected[i]));
    if (!(excess <= worst)) {
      worst = Number.isNaN(excess) ? Infinity : excess;
      at = i;
    }
  }
  expect(
    worst,
    `${output}[${at}]: got ${got[at]}, expected ${expected[at]} within ${abs} + ${rel} relative`,
  ).toBeLessThanOrEqual(1);
}
