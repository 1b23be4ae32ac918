import accumulate4 from "../../shaders/gemm_int8_broadcast.wgsl?accumulate&four&wgsl";
import accumulate8 from "../../shaders/gemm_int8_broadcast.wgsl?accumulate&wgsl";
import add4 from "../../shaders/gemm_int8_broadcast.wgsl?add&four&wgsl";
import add8 from "../../shaders/gemm_int8_broadcast.wgsl?add&wgsl";
import quantize4 from "../../shaders/gemm_int8_broadcast.wgsl?quantize&four&wgsl";
import quantize8 from "../../shaders/gemm_int8_broadcast.wgsl?quantize&wgsl";
import type { Variant } from "../gpu/kernel.ts";
import { type Epilogue, type GemmProblem, GROUP, gemmConstants, gemmKernels } from "./gemm.ts";

/** Rows of one workgroup: five for each thread of a subgroup. */
const ROWS_PER_THREAD = 5;

const variant = (epilogue: Epilogue, wgsl: string, size: number): Variant<GemmProblem> => ({
  wgsl,
  shapedFor: "software",
  inner: "f32",
  constants: (problem) => gemmConstants(epilogue, problem),
  grid: ({ rows, n }) => [n / GROUP, Math.ceil(rows / (ROWS_PER_THREAD * size))],
  runsOn: ({ subgroupSize }) => subgroupSize === size,
});

const both = (epilogue: Epilogue, eight: string, four: string) => ({
  "f32-subgroup8": variant(epilogue, eight, 8),
  "f32-subgroup4": variant(epilogue, four, 4),
});

/** int8 GEMM that shares unpacked weights through subgroups of 8 or 4: software adapters. */
export const gemmInt8Broadcast = gemmKernels("gemm_int8_broadcast", {
  accumulate: both("accumulate", accumulate8, accumulate4),
  add: both("add", add8, add4),
  quantize: both("quantize", quantize8, quantize4),
});
