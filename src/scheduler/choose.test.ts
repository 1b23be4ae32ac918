import { expect, test } from "vitest";
import type { Capabilities } from "../gpu/kernel.ts";
import type { GemmProblem } from "../kernels/gemm.ts";
import { gpuKernels } from "../lower/gpu-kernels.ts";
import type { Int8Kernels } from "../lower/kernels.ts";
import { softwareKernels } from "../lower/software-kernels.ts";
import { candidatesFor, chooseByTable } from "./choose.ts";
import { type Step, step } from "./step.ts";

const machine = (vendor: string): Capabilities => ({
  vendor,
  software: false,
  features: new Set(),
  language: new Set(["packed_4x8_integer_dot_product"]),
  subgroupSize: undefined,
  int8Matrices: new Set(),
  limits: {
    maxComputeInvocationsPerWorkgroup: 256,
    maxComputeWorkgroupStorageSize: 16384,
    maxStorageBuffersPerShaderStage: 13,
  },
});
const software: Capabilities = { ...machine("mesa"), software: true, subgroupSize: 8 };

const buffers = { a: "a", w: "w", a_scale: "s", w_scale: "t", bias: "b", out: "o" };
const add = (kernels: Int8Kernels, problem: GemmProblem): Step =>
  step("proj", "linear", kernels.gemm.groups.add, problem, { ...buffers, addend: "d" });
const quantize = (problem: GemmProblem): Step =>
  step("fc1", "linear", gpuKernels.gemm.row.quantize, problem, { ...buffers, out_scale: "p" });
const nameOf = (step: Step, on: Capabilities) => {
  const { kernel, variant } = chooseByTable(step, on);
  return `${kernel.name}/${variant}`;
};

const TINY = { rows: 197, n: 192, k: 192 };
const SMALL = { rows: 197, n: 384, k: 384 };
const BASE = { rows: 197, n: 768, k: 768 };
const BASE_OF_32 = { rows: 32 * 197, n: 768, k: 768 };

test.each([
  ["nvidia", add(gpuKernels, TINY), "gemm_int8_tiled_groups_add/dot4-32x32"],
  ["intel", add(gpuKernels, TINY), "gemm_int8_tiled_groups_add/dot4-32x64"],
  ["intel", add(gpuKernels, SMALL), "gemm_int8_tiled_groups_add/dot4-32x64"],
  ["intel", add(gpuKernels, BASE), "gemm_int8_tiled_groups_add/dot4-32x64"],
  ["amd", add(gpuKernels, SMALL), "gemm_int8_tiled_groups_add/dot4-32x32-split"],
  ["amd", add(gpuKernels, TINY), "gemm_int8_tiled_groups_add/dot4-32x32"],
  ["nvidia", add(gpuKernels, BASE_OF_32), "gemm_int8_tiled_groups_add/dot4-128x64"],
  ["intel", quantize(BASE_OF_32), "gemm_int8_tiled_row_quantize/dot4-64x64"],
  ["amd", quantize({ ...BASE, n: 4 * BASE.n }), "gemm_int8_tiled_row_quantize/dot4-32x64"],
  ["apple", quantize(BASE_OF_32), "gemm_int8_tiled_row_quantize/f32-128x64"],
  ["amd", quantize({ ...TINY, rows: 1 }), "gemm_int8_tiled_row_quantize/dot4-16x64"],
])("small tiles for few rows, large ones for many: %s", (vendor, step, expected) => {
  expect(nameOf(step, machine(vendor))).toBe(expected);
});

test("a software adapter takes the order of the kernels", () => {
  expect(nameOf(add(softwareKernels, BASE_OF_32), software)).toBe(
    "gemm_int8_broadcast_groups_add/f32-subgroup8",
  );
});

test("what is measured first is of the kind and inner product of the machine, whatever its tile", () => {
  const candidates = candidatesFor(add(gpuKernels, TINY), machine("nvidia"));
  const names = candidates.map(({ name }) => name);
  const first = names.findIndex((name) => name.startsWith("f32"));
  expect(names.slice(0, first).every((name) => name.startsWith("dot4"))).toBe(true);
  expect(candidates.at(-1)!.variant.shapedFor).toBe("software");
});
