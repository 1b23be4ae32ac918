import texts from "../../shaders/gemm_int8_tiled.wgsl?to=accumulate&inner=dot4,f32&outputs=,tall,short,split&texts";
import { gemmCases } from "./gemm.shared.ts";
import { gemmKernel } from "./gemm.ts";
import { gemmInt8Tiled, TILED_TO_ADD } from "./gemm-int8-tiled.ts";

const sums = gemmKernel("gemm_int8_tiled", undefined, "accumulate", texts, TILED_TO_ADD);

export default gemmCases(gemmInt8Tiled, sums);
