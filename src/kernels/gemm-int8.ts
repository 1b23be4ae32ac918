import texts from "../../shaders/gemm_int8.wgsl?to=groups+add,groups+store,row+store,row+quantize&inner=f32&texts";
import { gemmKernels } from "./gemm.ts";

export const READABLE = {
  f32: { inner: "f32", tile: [16, 64] },
} as const;

/** int8 GEMM, the readable one: a reference for reading the fast ones. */
export const gemmInt8 = gemmKernels("gemm_int8", texts, READABLE);
