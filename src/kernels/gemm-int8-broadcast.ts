import texts from "../../shaders/gemm_int8_broadcast.wgsl?to=groups+add,groups+store,row+store,row+quantize&inner=f32&size=,four&words&params&texts";
import type { Capabilities } from "../gpu/kernel.ts";
import { gemmKernels } from "./gemm.ts";

const subgroupsOf =
  (size: number) =>
  ({ subgroupSize }: Capabilities) =>
    subgroupSize === size;

/** Named by the subgroup, each of whose threads makes five rows. */
export const BROADCAST = {
  "f32-subgroup8": { inner: "f32", tile: [40, 64], shapedFor: "software", runsOn: subgroupsOf(8) },
  "f32-subgroup4": {
    inner: "f32",
    text: "four",
    tile: [20, 64],
    shapedFor: "software",
    runsOn: subgroupsOf(4),
  },
} as const;

/** int8 GEMM that shares unpacked weights through subgroups of 8 or 4: software adapters. */
export const gemmInt8Broadcast = gemmKernels("gemm_int8_broadcast", texts, BROADCAST, "params");
