import broadcast4 from "../../shaders/gemm_int8_broadcast.wgsl?words&params&add&norm&rows&four&wgsl";
import broadcast8 from "../../shaders/gemm_int8_broadcast.wgsl?words&params&add&norm&rows&wgsl";
import direct from "../../shaders/gemm_int8_direct.wgsl?params&add&norm&wgsl";
import type { Variant } from "../gpu/kernel.ts";
import { type GemmNormProblem, gemmNormKernel, normTile, rowGrid } from "./gemm-norm.ts";

const broadcast = (wgsl: string, size: number): Variant<GemmNormProblem> => ({
  wgsl,
  shapedFor: "software",
  inner: "f32",
  constants: () => ({}),
  grid: rowGrid(5 * size),
  runsOn: ({ subgroupSize }) => subgroupSize === size,
});

/** int8 GEMM and LayerNorm in one pass: software adapters. */
export const gemmInt8Norm = gemmNormKernel("gemm_int8_norm", {
  "f32-subgroup8": broadcast(broadcast8, 8),
  "f32-subgroup4": broadcast(broadcast4, 4),
  "f32-16": normTile(direct, 16, "f32", "software"),
});
