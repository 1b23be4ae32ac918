import directDot4 from "../../shaders/gemm_int8_direct.wgsl?add&half&dot4&wgsl";
import direct from "../../shaders/gemm_int8_direct.wgsl?add&half&wgsl";
import tiledDot4 from "../../shaders/gemm_int8_tiled.wgsl?add&half&dot4&wgsl";
import tallDot4 from "../../shaders/gemm_int8_tiled.wgsl?add&half&tall&dot4&wgsl";
import tall from "../../shaders/gemm_int8_tiled.wgsl?add&half&tall&wgsl";
import tiled from "../../shaders/gemm_int8_tiled.wgsl?add&half&wgsl";
import { defineKernel, type Probe } from "../gpu/kernel.ts";
import { toHalf } from "../quant/half.ts";
import { type GemmProblem, gemmProbe, onlyWithHalf, tile4x4 } from "./gemm.ts";
import { gemmInt8Tiled, tiles } from "./gemm-int8-tiled.ts";

function probe(): Probe {
  const { problem, inputs, outputs } = gemmProbe("add");
  const { expected, byteLength } = outputs.out;
  return {
    problem,
    inputs: { ...inputs, addend: toHalf(inputs.addend as Float32Array) },
    // Off by a step, because no rounding is specified.
    outputs: { out: { expected: toHalf(expected as Float32Array), off: 1, byteLength: byteLength / 2 } },
  };
}

/** The same as `gemmInt8Tiled.add`, with addend and output in f16: for GPUs whose memory is slow. */
export const gemmInt8Half = defineKernel({
  ...gemmInt8Tiled.add,
  name: "gemm_int8_half_add",
  variants: onlyWithHalf({
    ...tiles("add", "dot4", tiledDot4, tallDot4),
    "dot4-4x64": tile4x4("add", directDot4, 1, true),
    ...tiles("add", "f32", tiled, tall),
    "f32-4x64": tile4x4("add", direct, 1, false),
  }),
  probe,
  bytes: ({ rows, n, k }: GemmProblem) => rows * k + n * k + rows * n * 2,
});
