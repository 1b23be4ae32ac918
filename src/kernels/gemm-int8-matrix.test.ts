// No machine of the tests has matrix units: Dawn's null backend, which runs nothing, at least compiles what would run on them.

import { expect, test } from "vitest";
import { madeUpModel, SHAPES } from "../bench/made-up-model.ts";
import { openGpu } from "../gpu/gpu.ts";
import type { Variant } from "../gpu/kernel.ts";
import { arithmeticOf } from "../lower/arithmetic.ts";
import { programOf } from "../lower/program-of.ts";
import { nodeGpu } from "../node/gpu.ts";
import { gemmInt8Matrix } from "./gemm-int8-matrix.ts";

await nodeGpu();
const { create } = await import("webgpu");
const nowhere = create(["backend=null", "enable-dawn-features=allow_unsafe_apis"]) as GPU;

const kernels = [...Object.values(gemmInt8Matrix.groups), ...Object.values(gemmInt8Matrix.row)].flatMap(
  (kernel) => Object.keys(kernel.variants).map((variant) => ({ name: kernel.name, variant, kernel })),
);

test("the null backend has matrices, and openGpu asks for them", async () => {
  const gpu = await openGpu({ gpu: nowhere });
  expect(gpu.capabilities.features).toContain("chromium-experimental-subgroup-matrix");
  gpu.destroy();
});

/** The adapter of the null backend, with what Dawn lists of a GPU that has matrix units. */
function withMatrices(subgroupSizes: readonly [number, number], ...subgroupMatrixConfigs: object[]): GPU {
  const [subgroupMinSize, subgroupMaxSize] = subgroupSizes;
  const info = { vendor: "made up", architecture: "", description: "", subgroupMinSize, subgroupMaxSize };
  const requestAdapter = async () => {
    const adapter = (await nowhere.requestAdapter())!;
    return {
      ...{ features: adapter.features, limits: adapter.limits, info: { ...info, subgroupMatrixConfigs } },
      requestDevice: (descriptor: GPUDeviceDescriptor) => adapter.requestDevice(descriptor),
    };
  };
  return { requestAdapter, wgslLanguageFeatures: nowhere.wgslLanguageFeatures } as unknown as GPU;
}

const int8 = { componentType: "i8", resultComponentType: "i32" };

test("of the matrices that an adapter lists, those of int8 with sums of 32 bits are taken", async () => {
  const gpu = await openGpu({
    gpu: withMatrices(
      [32, 32],
      { ...int8, M: 16, N: 16, K: 32 },
      { ...int8, M: 8, N: 16, K: 32 },
      { componentType: "u8", resultComponentType: "u32", M: 1, N: 1, K: 1 },
      { componentType: "i8", resultComponentType: "f32", M: 2, N: 2, K: 2 },
      { componentType: "f16", resultComponentType: "f32", M: 16, N: 16, K: 16 },
    ),
  });
  expect([...gpu.capabilities.int8Matrices]).toEqual(["16x16x32", "8x16x32"]);
  gpu.destroy();
});

test.each([
  [[32, 64], ["16x16x16"]],
  [[8, 32], ["16x16x16"]],
  [[64, 64], []],
  [[8, 16], []],
] as const)("subgroups of 32 are asked for, where %j are there: %j", async (sizes, shapes) => {
  const gpu = await openGpu({ gpu: withMatrices(sizes, { ...int8, M: 16, N: 16, K: 16 }) });
  expect([...gpu.capabilities.int8Matrices]).toEqual(shapes);
  gpu.destroy();
});

test("without control of their size none is taken", async () => {
  const without = ["subgroup-size-control"];
  const gpu = await openGpu({ gpu: withMatrices([32, 32], { ...int8, M: 16, N: 16, K: 32 }), without });
  expect(gpu.capabilities.int8Matrices.size).toBe(0);
  gpu.destroy();
});

test("a model then runs on kernels among which theirs may be chosen", async () => {
  const gpu = await openGpu({ gpu: withMatrices([32, 32], { ...int8, M: 8, N: 16, K: 32 }) });
  const usable = kernels.filter(({ kernel, variant }) =>
    (kernel.variants as Record<string, Variant<never>>)[variant].runsOn?.(gpu.capabilities, {} as never),
  );
  expect(new Set(usable.map(({ variant }) => variant))).toEqual(new Set(["8x16x32"]));
  const program = await programOf(madeUpModel("ti", SHAPES.ti), arithmeticOf({}), gpu.capabilities);
  const kernelsOf = (step: string) => program.graph(1).steps.find(({ label }) => label === step)!.kernels;
  expect(kernelsOf("blocks.0.fc1")).toContain(gemmInt8Matrix.row.quantize);
  expect(kernelsOf("blocks.0.fc2")).toContain(gemmInt8Matrix.groups.add);
  gpu.destroy();
});

test.each(kernels)("$name/$variant asks for subgroups of 32", ({ kernel, variant }) => {
  expect(kernel.variants[variant].wgsl).toMatch(/@subgroup_size\(32\) @workgroup_size\(128\)\s*fn main/);
});

test.each(kernels)("$name/$variant compiles", async ({ kernel, variant }) => {
  const gpu = await openGpu({ gpu: nowhere });
  const pipeline = await gpu.pipeline(kernel, variant, { rows: 197, n: 192, k: 192 });
  expect(pipeline.label).toContain(kernel.name);
  gpu.destroy();
});
