// The int8 kernels for GPUs, in front of those that run everywhere. Loaded once the adapter is known.

import { attentionTiled } from "../kernels/attention-tiled.ts";
import { gemmInt8Direct } from "../kernels/gemm-int8-direct.ts";
import { gemmInt8Tiled } from "../kernels/gemm-int8-tiled.ts";
import { gemmsOf, type Int8Kernels, int8Kernels } from "./kernels.ts";

export const gpuKernels: Int8Kernels = {
  ...int8Kernels,
  gemm: gemmsOf(gemmInt8Tiled, gemmInt8Direct),
  attention: [attentionTiled, ...int8Kernels.attention],
};
