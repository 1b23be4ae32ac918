import { gemmCases } from "./gemm.shared.ts";
import { gemmInt8Matrix } from "./gemm-int8-matrix.ts";

export default gemmCases(gemmInt8Matrix);
