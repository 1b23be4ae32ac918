import texts from "../../shaders/gemm_int8_direct.wgsl?to=groups+add,groups+store,row+store,row+quantize&inner=f32&texts";
import { gemmKernels } from "./gemm.ts";

/** Named by rows by columns of a workgroup. Without dot4I8Packed, which is no faster on software adapters, where these are chosen. */
export const DIRECT = {
  "f32-16x64": { inner: "f32", tile: [16, 64], shapedFor: "software" },
  "f32-4x64": { inner: "f32", tile: [4, 64], constants: { ROW_THREADS: 1 } },
} as const;

/** int8 GEMM without workgroup memory: what runs everywhere, and software adapters. */
export const gemmInt8Direct = gemmKernels("gemm_int8_direct", texts, DIRECT);
