import texts from "../../shaders/gemm_int8_tiled.wgsl?to=accumulate&inner=dot4,f32&outputs=,tall,short&texts";
import { gemmCases } from "./gemm.shared.ts";
import { gemmKernel } from "./gemm.ts";
import { gemmInt8Tiled, TILED } from "./gemm-int8-tiled.ts";

const sums = gemmKernel("gemm_int8_tiled", undefined, "accumulate", texts, TILED);

export default gemmCases(gemmInt8Tiled, sums);
