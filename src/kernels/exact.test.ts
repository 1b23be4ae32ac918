// What the documents call exact, at its extremes: sums of int8 products, and the activations' stated error.

import { afterAll, describe, expect, test } from "vitest";
import { openGpu } from "../gpu/gpu.ts";
import { variantsFor } from "../gpu/kernel.ts";
import { nodeGpu } from "../node/gpu.ts";
import type { AnyCases } from "../testing/cases.ts";
import { ACTIVATE } from "../testing/reference.ts";
import { runKernel } from "../testing/run-kernel.ts";
import { paddedRows } from "./gemm.ts";
import { gemmFloatActivate } from "./gemm-float.ts";

const gpu = await openGpu({ gpu: await nodeGpu() });
afterAll(() => gpu.destroy());

const suites = import.meta.glob<AnyCases | readonly AnyCases[]>("./gemm-int8*.cases.ts", {
  eager: true,
  import: "default",
});
const accumulating = Object.values(suites)
  .flat()
  .map(({ kernel }) => kernel)
  .filter(({ name }) => name.endsWith("_accumulate"));

// Odd sums of sixteen products, of which f32 alone loses the last bit from the 65th on.
const problem = { rows: 3, n: 64, k: 2112 };
const runs = accumulating.flatMap((kernel) =>
  variantsFor(kernel, gpu.capabilities, problem).flatMap((variant) =>
    [127, -127].map((weight) => ({ kernel, name: kernel.name, variant, weight })),
  ),
);

test.each(runs)(
  "the greatest sums are exact: $name, $variant, weights of $weight",
  async ({ kernel, variant, weight }) => {
    const { rows, n, k } = problem;
    const a = Int8Array.from({ length: paddedRows(rows) * k }, (_, i) => (i % 16 === 0 ? 126 : 127));
    const w = new Int8Array(n * k).fill(weight);
    const outputs = {
      out: { type: "i32", length: rows * n, padding: (paddedRows(rows) - rows) * n },
    } as const;
    const run = await runKernel(gpu, kernel, variant, problem, { a, w }, outputs);
    expect(new Set(run.outputs.out)).toEqual(new Set([(127 * k - k / 16) * weight]));
  },
);

describe("activations from -8 to 8", () => {
  // Through a product of zeros, so that a column's bias is the input of the activation.
  const problem = { rows: 1, n: 16_384, k: 4 };
  const bias = Float32Array.from({ length: problem.n }, (_, i) => -8 + (i * 16) / (problem.n - 1));

  test.each([
    // x/2 times the error of erf, 1.5e-7 (Abramowitz and Stegun 7.1.26), and f32's rounding of values up to 8.
    ["gelu", 1.5e-6],
    // f32's rounding, and a driver's tanh, which WGSL lets be off by 1e-5.
    ["gelu_tanh", 5e-6],
    // f32's rounding of values up to 8, and a driver's exp.
    ["quick_gelu", 3e-6],
  ] as const)("%s is off by less than %f", async (activation, bound) => {
    const { n, k } = problem;
    const inputs = { a: new Float32Array(paddedRows(1) * k), w: new Float32Array(k * n), bias };
    const outputs = { out: { type: "f32", length: n, padding: (paddedRows(1) - 1) * n } } as const;
    const run = await runKernel(gpu, gemmFloatActivate, "16x64", { ...problem, activation }, inputs, outputs);
    const errors = [...run.outputs.out].map((y, i) => Math.abs(y - ACTIVATE[activation](bias[i])));
    expect(Math.max(...errors)).toBeLessThan(bound);
  });
});
