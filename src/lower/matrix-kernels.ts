// The int8 kernels for GPUs whose matrix units the browser offers, beside those for GPUs. Fetched where it does.

import { gemmInt8Direct } from "../kernels/gemm-int8-direct.ts";
import { gemmInt8Matrix } from "../kernels/gemm-int8-matrix.ts";
import { gemmInt8Tiled } from "../kernels/gemm-int8-tiled.ts";
import { gpuKernels } from "./gpu-kernels.ts";
import { gemmsOf, type Int8Kernels } from "./kernels.ts";

/** Last, so that the first guess is one that has run before: measuring finds out about the others. */
export const matrixKernels: Int8Kernels = {
  ...gpuKernels,
  gemm: gemmsOf(gemmInt8Tiled, gemmInt8Direct, gemmInt8Matrix),
};
