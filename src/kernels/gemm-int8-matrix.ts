import texts from "../../shaders/gemm_int8_matrix.wgsl?to=groups+add,groups+store,row+store,row+quantize&inner=dot4&shape=,eight,cube&texts";
import type { Capabilities } from "../gpu/kernel.ts";
import { gemmKernels } from "./gemm.ts";

const matricesOf =
  (shape: string) =>
  ({ int8Matrices, language }: Capabilities) =>
    int8Matrices.has(shape) && language.has("subgroup_id");

/** Named by rows by columns by depth of a matrix. */
export const MATRIX = {
  "16x16x32": { inner: "dot4", tile: [32, 64], shapedFor: "gpu", runsOn: matricesOf("16x16x32") },
  "8x16x32": {
    inner: "dot4",
    text: "eight",
    tile: [32, 64],
    shapedFor: "gpu",
    runsOn: matricesOf("8x16x32"),
  },
  "16x16x16": {
    inner: "dot4",
    text: "cube",
    tile: [32, 64],
    shapedFor: "gpu",
    runsOn: matricesOf("16x16x16"),
  },
} as const;

/** int8 GEMM on the matrix units of a GPU, where the browser offers them behind a flag. */
export const gemmInt8Matrix = gemmKernels("gemm_int8_matrix", texts, MATRIX);
