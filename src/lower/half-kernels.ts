// The int8 path with its residual stream in f16, which halves what LayerNorm reads and the products add to. Fetched where
// that was measured to be the faster.

import { gemmInt8Half } from "../kernels/gemm-int8-half.ts";
import { layernormHalf, layernormHalfQuantize } from "../kernels/layernorm-half.ts";
import { toHalf } from "../quant/half.ts";
import type { Int8Kernels } from "./kernels.ts";

/** In the place of those of `kernels` that touch the stream. */
export function halfKernels(kernels: Int8Kernels): Int8Kernels {
  return {
    ...kernels,
    stream: { form: "f16", begin: toHalf },
    gemm: { ...kernels.gemm, groups: { ...kernels.gemm.groups, add: [gemmInt8Half] } },
    layernorm: [layernormHalf],
    layernormQuantize: [layernormHalfQuantize],
  };
}
