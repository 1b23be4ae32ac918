// No machine of the tests has matrix units: Dawn's null backend, which runs nothing, at least compiles what would run on them.

import { expect, test } from "vitest";
import { openGpu } from "../gpu/gpu.ts";
import { nodeGpu } from "../node/gpu.ts";
import { gemmInt8Matrix } from "./gemm-int8-matrix.ts";

await nodeGpu();
const { create } = await import("webgpu");
const nowhere = create(["backend=null", "enable-dawn-features=allow_unsafe_apis"]) as GPU;

const kernels = Object.values(gemmInt8Matrix).flatMap((kernel) =>
  Object.keys(kernel.variants).map((variant) => ({ name: kernel.name, variant, kernel })),
);

test("the null backend has matrices, and openGpu asks for them", async () => {
  const gpu = await openGpu({ gpu: nowhere });
  expect(gpu.capabilities.features).toContain("chromium-experimental-subgroup-matrix");
  gpu.destroy();
});

test.each(kernels)("$name/$variant compiles", async ({ kernel, variant }) => {
  const gpu = await openGpu({ gpu: nowhere });
  const pipeline = await gpu.pipeline(kernel, variant, { rows: 197, n: 192, k: 192 });
  expect(pipeline.label).toContain(kernel.name);
  gpu.destroy();
});
