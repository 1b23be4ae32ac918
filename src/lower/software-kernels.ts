// The int8 kernels that are shaped for software adapters, before those that answer everywhere. Fetched once the adapter is known.

import { gemmInt8Broadcast } from "../kernels/gemm-int8-broadcast.ts";
import { gemmInt8Direct } from "../kernels/gemm-int8-direct.ts";
import { gemmsOf, type Int8Kernels, int8Kernels } from "./kernels.ts";

export const softwareKernels: Int8Kernels = {
  ...int8Kernels,
  gemm: gemmsOf(gemmInt8Broadcast, gemmInt8Direct),
};
