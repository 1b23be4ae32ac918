import accumulateDot4 from "../../shaders/gemm_int8.wgsl?accumulate&dot4&wgsl";
import accumulate from "../../shaders/gemm_int8.wgsl?accumulate&wgsl";
import addDot4 from "../../shaders/gemm_int8.wgsl?add&dot4&wgsl";
import add from "../../shaders/gemm_int8.wgsl?add&wgsl";
import quantizeDot4 from "../../shaders/gemm_int8.wgsl?quantize&dot4&wgsl";
import quantize from "../../shaders/gemm_int8.wgsl?quantize&wgsl";
import { type Epilogue, gemmKernels, tile4x4 } from "./gemm.ts";

const both = (epilogue: Epilogue, dot4: string, f32: string) => ({
  dot4: tile4x4(epilogue, dot4, 4, true),
  f32: tile4x4(epilogue, f32, 4, false),
});

/** int8 GEMM, the readable one: what the fast ones are read against. */
export const gemmInt8 = gemmKernels("gemm_int8", {
  accumulate: both("accumulate", accumulateDot4, accumulate),
  add: both("add", addDot4, add),
  quantize: both("quantize", quantizeDot4, quantize),
});
