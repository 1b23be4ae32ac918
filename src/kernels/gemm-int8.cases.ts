import { gemmCases } from "./gemm.shared.ts";
import { gemmInt8 } from "./gemm-int8.ts";

export default gemmCases(gemmInt8);
