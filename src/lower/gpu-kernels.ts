// The int8 kernels that are shaped for GPUs, before those that answer everywhere. Fetched once the adapter is known.

import { attentionRegisters } from "../kernels/attention-registers.ts";
import { gemmInt8Tiled } from "../kernels/gemm-int8-tiled.ts";
import { type Int8Kernels, int8Kernels } from "./kernels.ts";

export const gpuKernels: Int8Kernels = {
  ...int8Kernels,
  gemmAdd: [gemmInt8Tiled.add, ...int8Kernels.gemmAdd],
  gemmQuantize: [gemmInt8Tiled.quantize, ...int8Kernels.gemmQuantize],
  attention: [attentionRegisters, ...int8Kernels.attention],
};
