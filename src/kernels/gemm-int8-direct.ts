import accumulateDot4 from "../../shaders/gemm_int8_direct.wgsl?accumulate&dot4&wgsl";
import accumulate from "../../shaders/gemm_int8_direct.wgsl?accumulate&wgsl";
import addDot4 from "../../shaders/gemm_int8_direct.wgsl?add&dot4&wgsl";
import add from "../../shaders/gemm_int8_direct.wgsl?add&wgsl";
import quantizeDot4 from "../../shaders/gemm_int8_direct.wgsl?quantize&dot4&wgsl";
import quantize from "../../shaders/gemm_int8_direct.wgsl?quantize&wgsl";
import { type Epilogue, gemmKernels, tile4x4 } from "./gemm.ts";

/** Named by rows by columns of a workgroup; the least rows are for the one row of a class token, on GPUs too. */
const both = (epilogue: Epilogue, dot4: string, f32: string) => ({
  "dot4-16x64": tile4x4(epilogue, dot4, 4, true, "software"),
  "dot4-4x64": tile4x4(epilogue, dot4, 1, true),
  "f32-16x64": tile4x4(epilogue, f32, 4, false, "software"),
  "f32-4x64": tile4x4(epilogue, f32, 1, false),
});

/** int8 GEMM without workgroup memory: software adapters, and few rows anywhere. */
export const gemmInt8Direct = gemmKernels("gemm_int8_direct", {
  accumulate: both("accumulate", accumulateDot4, accumulate),
  add: both("add", addDot4, add),
  quantize: both("quantize", quantizeDot4, quantize),
});
