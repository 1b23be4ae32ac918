import dot4 from "../../shaders/attention_tiled.wgsl?dot4&wgsl";
import pairs from "../../shaders/attention_tiled.wgsl?pairs&dot4&wgsl";
import f32 from "../../shaders/attention_tiled.wgsl?wgsl";
import { defineKernel } from "../gpu/kernel.ts";
import { attention, attentionGrid } from "./attention.ts";
import { attentionTiles } from "./attention-tiles.ts";

/** The same as `attention`, shaped for GPUs: two matrix products of int8. */
export const attentionTiled = defineKernel({
  ...attention,
  name: "attention_tiled",
  variants: attentionTiles({ pairs, dot4, f32 }, attentionGrid),
});
