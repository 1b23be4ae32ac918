import texts from "../../shaders/gemm_int8_broadcast.wgsl?to=accumulate&inner=f32&size=,four&words&params&texts";
import { gemmCases } from "./gemm.shared.ts";
import { gemmKernel } from "./gemm.ts";
import { BROADCAST, gemmInt8Broadcast } from "./gemm-int8-broadcast.ts";

const sums = gemmKernel("gemm_int8_broadcast", undefined, "accumulate", texts, BROADCAST, "params");

export default gemmCases(gemmInt8Broadcast, sums);
