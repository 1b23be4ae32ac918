import accumulate8 from "../../shaders/gemm_int8_matrix.wgsl?accumulate&dot4&eight&wgsl";
import accumulate16 from "../../shaders/gemm_int8_matrix.wgsl?accumulate&dot4&wgsl";
import add8 from "../../shaders/gemm_int8_matrix.wgsl?add&dot4&eight&wgsl";
import add16 from "../../shaders/gemm_int8_matrix.wgsl?add&dot4&wgsl";
import quantize8 from "../../shaders/gemm_int8_matrix.wgsl?quantize&dot4&eight&wgsl";
import quantize16 from "../../shaders/gemm_int8_matrix.wgsl?quantize&dot4&wgsl";
import type { Variant } from "../gpu/kernel.ts";
import { type Epilogue, type GemmProblem, gemmConstants, gemmKernels, tileGrid } from "./gemm.ts";

const TILE = [32, 64] as const;

const variant = (epilogue: Epilogue, wgsl: string, shape: string): Variant<GemmProblem> => ({
  wgsl,
  shapedFor: "gpu",
  tile: TILE,
  constants: (problem) => gemmConstants(epilogue, problem),
  grid: tileGrid(TILE),
  runsOn: ({ int8Matrices, language }) => int8Matrices.has(shape) && language.has("subgroup_id"),
});

/** Named by rows by columns by depth of a matrix. */
const both = (epilogue: Epilogue, sixteen: string, eight: string) => ({
  "16x16x32": variant(epilogue, sixteen, "16x16x32"),
  "8x16x32": variant(epilogue, eight, "8x16x32"),
});

/** int8 GEMM on the matrix units of a GPU, where the browser offers them behind a flag. */
export const gemmInt8Matrix = gemmKernels("gemm_int8_matrix", {
  accumulate: both("accumulate", accumulate16, accumulate8),
  add: both("add", add16, add8),
  quantize: both("quantize", quantize16, quantize8),
});
