// The int8 kernels that are shaped for software adapters, before those that answer everywhere. Fetched once the adapter is known.

import { gemmInt8Broadcast } from "../kernels/gemm-int8-broadcast.ts";
import { type Int8Kernels, int8Kernels } from "./kernels.ts";

export const softwareKernels: Int8Kernels = {
  ...int8Kernels,
  gemmAdd: [gemmInt8Broadcast.add, ...int8Kernels.gemmAdd],
  gemmQuantize: [gemmInt8Broadcast.quantize, ...int8Kernels.gemmQuantize],
};
