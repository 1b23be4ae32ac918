// int8 outputs are rounded, not truncated: the cases allow one step for values near a tie, and this test limits how many of them there are.

import { afterAll, expect, test } from "vitest";
import { openGpu } from "../gpu/gpu.ts";
import { variantsFor } from "../gpu/kernel.ts";
import { nodeGpu } from "../node/gpu.ts";
import { type AnyCases, type HostArray, seeded } from "../testing/cases.ts";
import { runKernel } from "../testing/run-kernel.ts";

const gpu = await openGpu({ gpu: await nodeGpu() });
afterAll(() => gpu.destroy());

const suites = import.meta.glob<AnyCases | readonly AnyCases[]>("./*.cases.ts", {
  eager: true,
  import: "default",
});
const runs = Object.values(suites)
  .flat()
  .flatMap((cases) => {
    const { tolerance } = cases;
    const output = ["out", "norm"].find((name) => tolerance[`${name}_scale`] && tolerance[name].abs === 1);
    if (!output) return [];
    const { problem } = cases.problems[1];
    const variants = variantsFor(cases.kernel, gpu.capabilities, problem);
    return variants.map((variant) => ({ name: cases.kernel.name, variant, cases, problem, output }));
  });

test("kernels that quantise were found", () => {
  expect(new Set(runs.map(({ name }) => name)).size).toBeGreaterThan(3);
});

test.each(runs)("$name, $variant", async ({ cases, variant, problem, output }) => {
  const inputs = cases.inputs(problem, seeded(11));
  const expected = cases.reference(problem, inputs as Record<string, HostArray>)[output];
  const run = await runKernel(gpu, cases.kernel, variant, problem, inputs, cases.outputs(problem));
  const got = [...run.outputs[output]];
  const rounded = Array.from(expected, (value) => Math.round(value));
  // f32 differs from f64 by at most 1e-5 of a step, so about as many values round to the other side of a tie.
  expect(got.filter((value, i) => value !== rounded[i]).length).toBeLessThan(got.length / 200);
});
