import dot4 from "../../shaders/gemm_int8_tiled.wgsl?params&add&norm&dot4&wgsl";
import f32 from "../../shaders/gemm_int8_tiled.wgsl?params&add&norm&wgsl";
import { gemmNormKernel, normTile } from "./gemm-norm.ts";

/** int8 GEMM and LayerNorm in one pass, staged through workgroup memory: GPUs. Named by the rows of a workgroup. */
export const gemmInt8NormTiled = gemmNormKernel("gemm_int8_norm_tiled", {
  "dot4-64": normTile(dot4, 64, "dot4", "gpu"),
  "dot4-32": normTile(dot4, 32, "dot4", "gpu"),
  "dot4-16": normTile(dot4, 16, "dot4", "gpu"),
  "f32-64": normTile(f32, 64, "f32", "gpu"),
  "f32-32": normTile(f32, 32, "f32", "gpu"),
  "f32-16": normTile(f32, 16, "f32", "gpu"),
});
