import texts from "../../shaders/gemm_int8_direct.wgsl?to=accumulate&inner=f32&texts";
import { gemmCases } from "./gemm.shared.ts";
import { gemmKernel } from "./gemm.ts";
import { DIRECT, gemmInt8Direct } from "./gemm-int8-direct.ts";

const sums = gemmKernel("gemm_int8_direct", undefined, "accumulate", texts, DIRECT);

export default gemmCases(gemmInt8Direct, sums);
