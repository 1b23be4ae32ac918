import activateWgsl from "../../shaders/gemm_float.wgsl?activate&wgsl";
import addWgsl from "../../shaders/gemm_float.wgsl?add&wgsl";
import { checkProblem, defineKernel, type Variant } from "../gpu/kernel.ts";
import { activationCode } from "../tensor/activation.ts";
import { type GemmProblem, GROUP } from "./gemm.ts";

const ROW_THREADS = 4;
const variant = (
  wgsl: string,
  constants: (problem: GemmProblem) => Record<string, number>,
): Variant<GemmProblem> => ({
  wgsl,
  constants: (problem) => ({ K: problem.k, N: problem.n, ROW_THREADS, ...constants(problem) }),
  grid: ({ rows, n }) => [n / GROUP, Math.ceil(rows / (4 * ROW_THREADS))],
});

const shared = {
  check: ({ rows, n, k }: GemmProblem) => {
    const fits = rows > 0 && n > 0 && k > 0 && n % GROUP === 0 && k % 4 === 0;
    checkProblem(fits, "gemm_float", "rows > 0, 64 | n, 4 | k", rows, n, k);
  },
  macs: ({ rows, n, k }: GemmProblem) => rows * n * k,
  bytes: ({ rows, n, k }: GemmProblem) => 4 * (rows * k + n * k + rows * n),
};

/** f32 y = activation(a w + bias): QKV, FC1 and the head of the float path. w is [k, n]. */
export const gemmFloatActivate = defineKernel({
  name: "gemm_float_activate",
  bindings: { a: "read", w: "read", bias: "read", out: "write" },
  variants: {
    "16x64": variant(activateWgsl, ({ activation }) => ({ ACTIVATION: activationCode(activation) })),
  },
  ...shared,
});

/** f32 y = a w + bias + addend: patch embedding, projection and FC2 of the float path. */
export const gemmFloatAdd = defineKernel({
  name: "gemm_float_add",
  bindings: { a: "read", w: "read", bias: "read", addend: "read", out: "write" },
  variants: {
    "16x64": variant(addWgsl, ({ rowsPerImage = 1, addendRows = 1 }) => ({
      ROWS_PER_IMAGE: rowsPerImage,
      ADDEND_ROWS: addendRows,
    })),
  },
  ...shared,
});
