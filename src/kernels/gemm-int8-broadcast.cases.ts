import { gemmCases } from "./gemm.shared.ts";
import { gemmInt8Broadcast } from "./gemm-int8-broadcast.ts";

export default gemmCases(gemmInt8Broadcast);
