import split from "../../shaders/gemm_int8_tiled.wgsl?to=groups+add&inner=dot4&outputs=split&texts";
import texts from "../../shaders/gemm_int8_tiled.wgsl?to=groups+add,groups+store,row+store,row+quantize&inner=dot4,f32&outputs=,tall,short&texts";
import type { Capabilities } from "../gpu/kernel.ts";
import { type GemmTable, type GemmVariant, gemmKernel, gemmKernels } from "./gemm.ts";

const ofGpus = { shapedFor: "gpu" } as const;
/** 32 sums a thread, which Intel's compiler has no registers for: it spills some of them in the inner loop. */
const manyRegisters = ({ vendor }: Capabilities) => vendor !== "intel";

/** Its sums fill the workgroup memory that WebGPU has by default, so that only AMD's cores hold several. Tests run on software adapters. */
const isAmd = ({ vendor, software }: Capabilities) => vendor === "amd" || software;

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

export const TILED: GemmTable = { ...tilesOf("dot4"), ...tilesOf("f32") };

/** With a tile that only `groups add` has, before the other one of its size: the table takes the first of two that cost the same. */
export const TILED_TO_ADD: GemmTable = {
  "dot4-32x32-split": {
    ...{ ...ofGpus, inner: "dot4", text: "split", tile: [32, 32, 128], threads: 128, runsOn: isAmd },
    constants: { ROW_THREADS: 8, COLUMN_THREADS: 8 },
  },
  ...TILED,
};

const name = "gemm_int8_tiled";
const { groups, row } = gemmKernels(name, texts, TILED);
const add = gemmKernel(name, "groups", "add", { ...texts, ...split }, TILED_TO_ADD);

/** int8 GEMM staged through workgroup memory: GPUs. */
export const gemmInt8Tiled = { groups: { ...groups, add }, row };
