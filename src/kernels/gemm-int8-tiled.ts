import accumulateDot4 from "../../shaders/gemm_int8_tiled.wgsl?accumulate&dot4&wgsl";
import accumulate from "../../shaders/gemm_int8_tiled.wgsl?accumulate&wgsl";
import addDot4 from "../../shaders/gemm_int8_tiled.wgsl?add&dot4&wgsl";
import add from "../../shaders/gemm_int8_tiled.wgsl?add&wgsl";
import quantizeDot4 from "../../shaders/gemm_int8_tiled.wgsl?quantize&dot4&wgsl";
import quantize from "../../shaders/gemm_int8_tiled.wgsl?quantize&wgsl";
import { type Epilogue, gemmKernels, tile4x4 } from "./gemm.ts";

/** Named by rows by columns of a workgroup. */
const both = (epilogue: Epilogue, dot4: string, f32: string) => ({
  "dot4-64x64": tile4x4(epilogue, dot4, 16, true, "gpu"),
  // 197 rows, a picture's tokens at 224 pixels, leave 3 of 5 times 40 idle, and 59 of 4 times 64.
  "dot4-40x64": tile4x4(epilogue, dot4, 10, true, "gpu"),
  "dot4-32x64": tile4x4(epilogue, dot4, 8, true, "gpu"),
  "f32-64x64": tile4x4(epilogue, f32, 16, false, "gpu"),
  "f32-40x64": tile4x4(epilogue, f32, 10, false, "gpu"),
  "f32-32x64": tile4x4(epilogue, f32, 8, false, "gpu"),
});

/** int8 GEMM staged through workgroup memory: GPUs. */
export const gemmInt8Tiled = gemmKernels("gemm_int8_tiled", {
  accumulate: both("accumulate", accumulateDot4, accumulate),
  add: both("add", addDot4, add),
  quantize: both("quantize", quantizeDot4, quantize),
});
