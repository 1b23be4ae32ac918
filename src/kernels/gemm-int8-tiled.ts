import accumulateDot4 from "../../shaders/gemm_int8_tiled.wgsl?accumulate&dot4&wgsl";
import accumulateTallDot4 from "../../shaders/gemm_int8_tiled.wgsl?accumulate&tall&dot4&wgsl";
import accumulateTall from "../../shaders/gemm_int8_tiled.wgsl?accumulate&tall&wgsl";
import accumulate from "../../shaders/gemm_int8_tiled.wgsl?accumulate&wgsl";
import addDot4 from "../../shaders/gemm_int8_tiled.wgsl?add&dot4&wgsl";
import addTallDot4 from "../../shaders/gemm_int8_tiled.wgsl?add&tall&dot4&wgsl";
import addTall from "../../shaders/gemm_int8_tiled.wgsl?add&tall&wgsl";
import add from "../../shaders/gemm_int8_tiled.wgsl?add&wgsl";
import quantizeDot4 from "../../shaders/gemm_int8_tiled.wgsl?quantize&dot4&wgsl";
import quantizeTallDot4 from "../../shaders/gemm_int8_tiled.wgsl?quantize&tall&dot4&wgsl";
import quantizeTall from "../../shaders/gemm_int8_tiled.wgsl?quantize&tall&wgsl";
import quantize from "../../shaders/gemm_int8_tiled.wgsl?quantize&wgsl";
import type { Variant } from "../gpu/kernel.ts";
import { type Epilogue, type GemmProblem, gemmKernels, tile4x4, tileGrid } from "./gemm.ts";

type GemmVariant = Variant<GemmProblem>;

/** Twice as many rows, eight by four outputs a thread. */
function tall(variant: GemmVariant): GemmVariant {
  const tile = [128, 64] as const;
  return { ...variant, tile, grid: tileGrid(tile) };
}

/** Half as many columns, for small problems on many cores. Owns no group of 64 columns, so it cannot quantise. */
function narrow(variant: GemmVariant): GemmVariant {
  const tile = [32, 32] as const;
  const constants = (problem: GemmProblem) => ({ ...variant.constants(problem), COLUMN_THREADS: 8 });
  return { ...variant, tile, grid: tileGrid(tile), constants };
}

/** Named by rows by columns of a workgroup; `tallWgsl` is `wgsl` with `tall`. */
export function tiles(epilogue: Epilogue, inner: "dot4" | "f32", wgsl: string, tallWgsl: string) {
  const wide = (text: string, rowThreads: number) =>
    tile4x4(epilogue, text, rowThreads, inner === "dot4", "gpu");
  const variants = {
    "64x64": wide(wgsl, 16),
    "128x64": tall(wide(tallWgsl, 16)),
    // 197 rows, a picture's tokens at 224 pixels, leave 3 of 5 times 40 idle, and 59 of 4 times 64.
    "40x64": wide(wgsl, 10),
    "32x64": wide(wgsl, 8),
    ...(epilogue !== "quantize" && { "32x32": narrow(wide(wgsl, 8)) }),
  };
  return Object.fromEntries(Object.entries(variants).map(([tile, variant]) => [`${inner}-${tile}`, variant]));
}

const both = (epilogue: Epilogue, dot4: string, tallDot4: string, f32: string, tallF32: string) => ({
  ...tiles(epilogue, "dot4", dot4, tallDot4),
  ...tiles(epilogue, "f32", f32, tallF32),
});

/** int8 GEMM staged through workgroup memory: GPUs. */
export const gemmInt8Tiled = gemmKernels("gemm_int8_tiled", {
  accumulate: both("accumulate", accumulateDot4, accumulateTallDot4, accumulate, accumulateTall),
  add: both("add", addDot4, addTallDot4, add, addTall),
  quantize: both("quantize", quantizeDot4, quantizeTallDot4, quantize, quantizeTall),
});
