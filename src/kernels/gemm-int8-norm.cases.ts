import { gemmInt8Norm } from "./gemm-int8-norm.ts";
import { gemmNormCases } from "./gemm-norm.shared.ts";

export default gemmNormCases(gemmInt8Norm);
