import texts from "../../shaders/gemm_int8_tiled.wgsl?to=groups+add,groups+store,row+store,row+quantize&inner=dot4,f32&outputs=,tall,short&texts";
import type { Capabilities } from "../gpu/kernel.ts";
import { type GemmVariant, gemmKernels } from "./gemm.ts";

const ofGpus = { shapedFor: "gpu" } as const;
/** 32 sums a thread, which Intel's compiler has no registers for: it spills some of them in the inner loop. */
const manyRegisters = ({ vendor }: Capabilities) => vendor !== "intel";

/** Named by rows by columns of a workgroup; the small ones have two by four outputs a thread, so that few rows fill many cores. */
const tilesOf = (inner: "dot4" | "f32"): Readonly<Record<string, GemmVariant>> => ({
  [`${inner}-128x64`]: {
    ...{ ...ofGpus, inner, text: "tall", tile: [128, 64], threads: 256, runsOn: manyRegisters },
    constants: { ROW_THREADS: 16 },
  },
  [`${inner}-64x64`]: { ...ofGpus, inner, tile: [64, 64], threads: 256, constants: { ROW_THREADS: 16 } },
  [`${inner}-32x64`]: { ...ofGpus, inner, tile: [32, 64], threads: 128, constants: { ROW_THREADS: 8 } },
  [`${inner}-16x64`]: {
    ...{ ...ofGpus, inner, text: "short", tile: [16, 64], threads: 128 },
    constants: { ROW_THREADS: 8 },
  },
  // Owns no group of 64 columns, so it cannot quantize.
  [`${inner}-32x32`]: {
    ...{ ...ofGpus, inner, text: "short", tile: [32, 32], threads: 128 },
    constants: { ROW_THREADS: 16, COLUMN_THREADS: 8 },
  },
});

export const TILED = { ...tilesOf("dot4"), ...tilesOf("f32") };

/** int8 GEMM staged through workgroup memory: GPUs. */
export const gemmInt8Tiled = gemmKernels("gemm_int8_tiled", texts, TILED);
