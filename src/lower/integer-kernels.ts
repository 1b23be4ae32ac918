// Which kernels compute the int8 path in integers: the operations that are not linear, or everything.

import { attentionInteger } from "../kernels/attention-integer.ts";
import { gemmInteger } from "../kernels/gemm-integer.ts";
import { headInteger } from "../kernels/head-integer.ts";
import { layernormInteger, layernormIntegerQuantize } from "../kernels/layernorm-integer.ts";
import type { Int8Kernels } from "./kernels.ts";

/** In the place of some of `kernels`, through the same bindings, so that graph, weights and memory stay as they are. */
export function integerKernels(
  kernels: Int8Kernels,
  form: "ibert" | "ivit",
  integerOnly: boolean,
): Int8Kernels {
  const { groups, row } = kernels.gemm;
  return {
    ...kernels,
    gemm: {
      groups: integerOnly ? { ...groups, add: [gemmInteger.add] } : groups,
      row: { ...row, quantize: [gemmInteger[form]] },
    },
    attention: [attentionInteger[form]],
    plainAttention: true,
    layernorm: [layernormInteger],
    layernormQuantize: [layernormIntegerQuantize],
    ...(integerOnly && { head: [headInteger] }),
  };
}
