// Which kernels compute the int8 path and the float path; another set with the same bindings gives another arithmetic, or
// another shape for another kind of adapter.

import type { Kernel } from "../gpu/kernel.ts";
import { attention, attentionFloat } from "../kernels/attention.ts";
import type { blockRows } from "../kernels/block-rows.ts";
import { gemmFloatActivate, gemmFloatAdd } from "../kernels/gemm-float.ts";
import { gemmInt8Direct } from "../kernels/gemm-int8-direct.ts";
import type { gemmNormKernel } from "../kernels/gemm-norm.ts";
import { head } from "../kernels/head.ts";
import { layernorm, layernormQuantize } from "../kernels/layernorm.ts";

/** Kernels that stand in for one of this type: same bindings, same problem. */
type Like<K> = K extends Kernel<infer B, infer P> ? readonly Kernel<B, P>[] : never;

export interface Int8Kernels {
  /** Of a value of the residual stream: f32, or f16. */
  readonly streamBytes: 2 | 4;
  readonly gemmAdd: Like<typeof gemmInt8Direct.add>;
  readonly gemmQuantize: Like<typeof gemmInt8Direct.quantize>;
  readonly attention: Like<typeof attention>;
  readonly layernorm: Like<typeof layernorm>;
  readonly layernormQuantize: Like<typeof layernormQuantize>;
  readonly head: Like<typeof head>;
  /** What does `gemmAdd` and the `layernormQuantize` behind it in one pass; absent where nothing does. */
  readonly gemmNorm?: Like<ReturnType<typeof gemmNormKernel>>;
  /** What does all from one attention to the next; absent where nothing does. */
  readonly blockRows?: Like<typeof blockRows>;
}

/** Softmax, LayerNorm and GELU in f32, by what answers everywhere: `shapedKernels` puts the faster ones before it. */
export const int8Kernels: Int8Kernels = {
  streamBytes: 4,
  gemmAdd: [gemmInt8Direct.add],
  gemmQuantize: [gemmInt8Direct.quantize],
  attention: [attention],
  layernorm: [layernorm],
  layernormQuantize: [layernormQuantize],
  head: [head],
};

/** The float path, which has one kernel for each. */
export const floatKernels = {
  gemmAdd: gemmFloatAdd,
  gemmActivate: gemmFloatActivate,
  attention: attentionFloat,
  layernorm,
};
