import { gemmCases } from "./gemm.shared.ts";
import { gemmInt8Tiled } from "./gemm-int8-tiled.ts";

export default gemmCases(gemmInt8Tiled);
