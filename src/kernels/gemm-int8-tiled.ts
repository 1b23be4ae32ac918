import texts from "../../shaders/gemm_int8_tiled.wgsl?to=groups+add,groups+store,row+store,row+quantize&inner=dot4,f32&rows=,tall&texts";
import { type GemmVariant, gemmKernels } from "./gemm.ts";

/** Named by rows by columns of a workgroup. */
const tilesOf = (inner: "dot4" | "f32"): Readonly<Record<string, GemmVariant>> => ({
  [`${inner}-64x64`]: { inner, tile: [64, 64], shapedFor: "gpu", constants: { ROW_THREADS: 16 } },
  // Eight by four outputs a thread.
  [`${inner}-128x64`]: {
    inner,
    text: "tall",
    tile: [128, 64],
    shapedFor: "gpu",
    constants: { ROW_THREADS: 16 },
  },
  // 197 rows, a picture's tokens at 224 pixels, leave 3 of 5 times 40 idle, and 59 of 4 times 64.
  [`${inner}-40x64`]: { inner, tile: [40, 64], shapedFor: "gpu", constants: { ROW_THREADS: 10 } },
  [`${inner}-32x64`]: { inner, tile: [32, 64], shapedFor: "gpu", constants: { ROW_THREADS: 8 } },
  [`${inner}-16x64`]: { inner, tile: [16, 64], shapedFor: "gpu", constants: { ROW_THREADS: 4 } },
  // For small problems on many cores. Owns no group of 64 columns, so it cannot quantize.
  [`${inner}-32x32`]: {
    inner,
    tile: [32, 32],
    shapedFor: "gpu",
    constants: { ROW_THREADS: 8, COLUMN_THREADS: 8 },
  },
});

export const TILED = { ...tilesOf("dot4"), ...tilesOf("f32") };

/** int8 GEMM staged through workgroup memory: GPUs. */
export const gemmInt8Tiled = gemmKernels("gemm_int8_tiled", texts, TILED);
