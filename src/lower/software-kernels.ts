// The int8 kernels for software adapters, in front of those that run everywhere. Loaded once the adapter is known.

import { gemmInt8Broadcast } from "../kernels/gemm-int8-broadcast.ts";
import { gemmInt8Direct } from "../kernels/gemm-int8-direct.ts";
import { gemmsOf, type Int8Kernels, int8Kernels } from "./kernels.ts";

export const softwareKernels: Int8Kernels = {
  ...int8Kernels,
  gemm: gemmsOf(gemmInt8Broadcast, gemmInt8Direct),
};
