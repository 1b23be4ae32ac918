import texts from "../../shaders/gemm_int8.wgsl?to=accumulate&inner=f32&texts";
import { gemmCases } from "./gemm.shared.ts";
import { gemmKernel } from "./gemm.ts";
import { gemmInt8, READABLE } from "./gemm-int8.ts";

const sums = gemmKernel("gemm_int8", undefined, "accumulate", texts, READABLE);

export default gemmCases(gemmInt8, sums);
