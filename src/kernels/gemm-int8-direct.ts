import texts from "../../shaders/gemm_int8_direct.wgsl?to=groups+add,groups+store,row+store,row+quantize&inner=dot4,f32&texts";
import { gemmKernels } from "./gemm.ts";

/** Named by rows by columns of a workgroup; the fewest rows are for the one row of a class token, on GPUs too. */
export const DIRECT = {
  "dot4-16x64": { inner: "dot4", tile: [16, 64], shapedFor: "software" },
  "dot4-4x64": { inner: "dot4", tile: [4, 64], constants: { ROW_THREADS: 1 } },
  "f32-16x64": { inner: "f32", tile: [16, 64], shapedFor: "software" },
  "f32-4x64": { inner: "f32", tile: [4, 64], constants: { ROW_THREADS: 1 } },
} as const;

/** int8 GEMM without workgroup memory: software adapters, and few rows anywhere. */
export const gemmInt8Direct = gemmKernels("gemm_int8_direct", texts, DIRECT);
