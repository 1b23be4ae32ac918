import direct from "../../shaders/gemm_int8_direct.wgsl?to=groups+add&inner=f32&half&texts";
import tiled from "../../shaders/gemm_int8_tiled.wgsl?to=groups+add&inner=dot4,f32&outputs=,tall,short&half&texts";
import { defineKernel, type Probe } from "../gpu/kernel.ts";
import { toHalf } from "../quant/half.ts";
import { type GemmProblem, gemmKernel, gemmProbe, onlyWithHalf } from "./gemm.ts";
import { DIRECT } from "./gemm-int8-direct.ts";
import { TILED } from "./gemm-int8-tiled.ts";

function probe(): Probe {
  const { problem, inputs, outputs } = gemmProbe("groups", "add");
  const { expected, byteLength } = outputs.out;
  return {
    problem,
    inputs: { ...inputs, addend: toHalf(inputs.addend as Float32Array) },
    // Off by a step, because no rounding is specified.
    outputs: { out: { expected: toHalf(expected as Float32Array), off: 1, byteLength: byteLength / 2 } },
  };
}

const name = "gemm_int8_half";
const few = gemmKernel(name, "groups", "add", direct, { "f32-4x64": DIRECT["f32-4x64"] });
const many = gemmKernel(name, "groups", "add", tiled, TILED);

/** The same as `gemmInt8Tiled.groups.add`, with addend and output in f16: for GPUs whose memory is slow. */
export const gemmInt8Half = defineKernel({
  ...many,
  variants: onlyWithHalf({ ...many.variants, ...few.variants }),
  probe,
  bytes: ({ rows, n, k }: GemmProblem) => rows * k + n * k + rows * n * 2,
});
