import accumulate4 from "../../shaders/gemm_int8_broadcast.wgsl?words&params&accumulate&four&wgsl";
import accumulate8 from "../../shaders/gemm_int8_broadcast.wgsl?words&params&accumulate&wgsl";
import add4 from "../../shaders/gemm_int8_broadcast.wgsl?words&params&add&four&wgsl";
import add8 from "../../shaders/gemm_int8_broadcast.wgsl?words&params&add&wgsl";
import quantize4 from "../../shaders/gemm_int8_broadcast.wgsl?words&params&quantize&four&wgsl";
import quantize8 from "../../shaders/gemm_int8_broadcast.wgsl?words&params&quantize&wgsl";
import type { Variant } from "../gpu/kernel.ts";
import { type GemmProblem, GROUP, gemmKernels } from "./gemm.ts";

/** Rows of one workgroup: five for each thread of a subgroup. */
const ROWS_PER_THREAD = 5;

const variant = (wgsl: string, size: number): Variant<GemmProblem> => ({
  wgsl,
  shapedFor: "software",
  inner: "f32",
  constants: () => ({}),
  grid: ({ rows, firstRow = 0, n }) => [n / GROUP, Math.ceil((rows - firstRow) / (ROWS_PER_THREAD * size))],
  runsOn: ({ subgroupSize }) => subgroupSize === size,
});

const both = (eight: string, four: string) => ({
  "f32-subgroup8": variant(eight, 8),
  "f32-subgroup4": variant(four, 4),
});

/** int8 GEMM that shares unpacked weights through subgroups of 8 or 4: software adapters. */
export const gemmInt8Broadcast = gemmKernels(
  "gemm_int8_broadcast",
  {
    accumulate: both(accumulate8, accumulate4),
    add: both(add8, add4),
    quantize: both(quantize8, quantize4),
  },
  "params",
);
