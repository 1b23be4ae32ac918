import { gemmCases } from "./gemm.shared.ts";
import { gemmInt8Direct } from "./gemm-int8-direct.ts";

export default gemmCases(gemmInt8Direct);
