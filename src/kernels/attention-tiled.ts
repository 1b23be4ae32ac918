import dot4 from "../../shaders/attention_tiled.wgsl?dot4&wgsl";
import pairs from "../../shaders/attention_tiled.wgsl?pairs&dot4&wgsl";
import f32 from "../../shaders/attention_tiled.wgsl?wgsl";
import { defineKernel } from "../gpu/kernel.ts";
import {
  attentionBytes,
  attentionGrid,
  attentionMacs,
  attentionParams,
  attentionProbe,
  checkAttention,
} from "./attention.ts";
import { attentionTiles } from "./attention-tiles.ts";

/** The same as `attention`, shaped for GPUs: two matrix products of int8. */
export const attentionTiled = defineKernel({
  name: "attention_tiled",
  bindings: { qkv: "read", qkv_scale: "read", out: "write", out_scale: "write", params: "uniform" },
  variants: attentionTiles({ pairs, dot4, f32 }, attentionGrid),
  params: attentionParams,
  probe: attentionProbe,
  check: checkAttention,
  macs: attentionMacs,
  bytes: attentionBytes,
});
