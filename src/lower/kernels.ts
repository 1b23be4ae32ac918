// The kernels of the int8 path. Another set with the same bindings has other arithmetic, or another shape for another kind of adapter.

import type { Kernel } from "../gpu/kernel.ts";
import { attention } from "../kernels/attention.ts";
import type { GemmKernels, InputForm } from "../kernels/gemm.ts";
import { gemmInt8Direct } from "../kernels/gemm-int8-direct.ts";
import { head } from "../kernels/head.ts";
import { layernorm, layernormQuantize } from "../kernels/layernorm.ts";
import type { WideAttention } from "./attention.ts";

/** Kernels that can replace one of this type: same bindings, same problem. */
type Like<K> = K extends Kernel<infer B, infer P> ? readonly Kernel<B, P>[] : never;

type Gemms = {
  readonly [F in InputForm]: { readonly [E in keyof GemmKernels[F]]: Like<GemmKernels[F][E]> };
};

export interface Int8Kernels {
  /** The residual stream: its form, and the conversion of the table that it begins with. */
  readonly stream: {
    readonly form: "f32" | "f16";
    readonly begin?: (table: Float32Array) => ArrayBufferView;
  };
  /** By the form of a product's input and the use of its output. */
  readonly gemm: Gemms;
  readonly attention: Like<typeof attention>;
  readonly plainAttention?: boolean;
  readonly wideAttention?: WideAttention;
  readonly layernorm: Like<typeof layernorm>;
  readonly layernormQuantize: Like<typeof layernormQuantize>;
  readonly head: Like<typeof head>;
}

/** The products of these units, the preferred unit first. */
export function gemmsOf(...units: readonly GemmKernels[]): Gemms {
  return {
    groups: { add: units.map(({ groups }) => groups.add), store: units.map(({ groups }) => groups.store) },
    row: { store: units.map(({ row }) => row.store), quantize: units.map(({ row }) => row.quantize) },
  };
}

/** Softmax, LayerNorm and GELU in f32, with kernels that run everywhere; others add faster ones in front. */
export const int8Kernels: Int8Kernels = {
  stream: { form: "f32" },
  gemm: gemmsOf(gemmInt8Direct),
  attention: [attention],
  layernorm: [layernorm],
  layernormQuantize: [layernormQuantize],
  head: [head],
};
