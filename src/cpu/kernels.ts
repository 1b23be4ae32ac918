// What computes a step on the CPU: for each kernel of the graph a function of the same bindings.

import { UnsupportedDeviceError } from "../errors/errors.ts";
import type { AnyKernel, Kernel } from "../gpu/kernel.ts";
import type * as mixing from "../kernels/attention.ts";
import type * as float from "../kernels/gemm-float.ts";
import type { gemmInt8Direct } from "../kernels/gemm-int8-direct.ts";
import type * as readout from "../kernels/head.ts";
import type * as norm from "../kernels/layernorm.ts";
import { attention, attentionFloat } from "./attention.ts";
import { gemmAdd, gemmFloatActivate, gemmFloatAdd, gemmQuantize } from "./gemm.ts";
import { head } from "./head.ts";
import { layernorm, layernormQuantize } from "./layernorm.ts";

type Arrays = Record<string, Int8Array | Float32Array>;

export interface CpuKernel {
  /** Bindings that are int8; the others are f32. */
  readonly int8: readonly string[];
  readonly compute: (problem: unknown, arrays: Arrays) => void;
}

/** By the name of the kernel on the GPU. */
export const cpuKernels: ReadonlyMap<string, CpuKernel> = new Map([
  on<typeof gemmInt8Direct.add>()("gemm_int8_direct_add", ["a", "w"], gemmAdd),
  on<typeof gemmInt8Direct.quantize>()("gemm_int8_direct_quantize", ["a", "w", "out"], gemmQuantize),
  on<typeof mixing.attention>()("attention", ["qkv", "out"], attention),
  on<typeof norm.layernorm>()("layernorm", [], layernorm),
  on<typeof norm.layernormQuantize>()("layernorm_quantize", ["out"], layernormQuantize),
  on<typeof readout.head>()("head", ["w"], head),
  on<typeof float.gemmFloatAdd>()("gemm_float_add", [], gemmFloatAdd),
  on<typeof float.gemmFloatActivate>()("gemm_float_activate", [], gemmFloatActivate),
  on<typeof mixing.attentionFloat>()("attention_float", [], attentionFloat),
]);

/** The kernel as a type alone, so that no shader comes along; arrays that are no binding of it do not compile. */
function on<K>() {
  return <Int8 extends string>(
    name: string,
    int8: readonly Int8[],
    compute: K extends Kernel<infer B, infer P>
      ? (
          problem: P,
          arrays: { readonly [Name in keyof B]: Name extends Int8 ? Int8Array : Float32Array },
        ) => void
      : never,
  ): [string, CpuKernel] => [name, { int8, compute: compute as unknown as CpuKernel["compute"] }];
}

export function cpuKernelOf({ name }: AnyKernel): CpuKernel {
  const kernel = cpuKernels.get(name);
  if (!kernel) throw new UnsupportedDeviceError(`cpu: nothing computes ${name} there; use WebGPU`);
  return kernel;
}
