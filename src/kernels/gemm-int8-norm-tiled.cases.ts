import { gemmInt8NormTiled } from "./gemm-int8-norm-tiled.ts";
import { gemmNormCases } from "./gemm-norm.shared.ts";

export default gemmNormCases(gemmInt8NormTiled);
