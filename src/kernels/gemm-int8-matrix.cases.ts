import texts from "../../shaders/gemm_int8_matrix.wgsl?to=accumulate&inner=dot4&shape=,eight,cube&texts";
import { gemmCases } from "./gemm.shared.ts";
import { gemmKernel } from "./gemm.ts";
import { gemmInt8Matrix, MATRIX } from "./gemm-int8-matrix.ts";

const sums = gemmKernel("gemm_int8_matrix", undefined, "accumulate", texts, MATRIX);

export default gemmCases(gemmInt8Matrix, sums);
