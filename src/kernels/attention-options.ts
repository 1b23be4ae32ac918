import dot4 from "../../shaders/attention_tiled.wgsl?options&dot4&wgsl";
import pairs from "../../shaders/attention_tiled.wgsl?options&pairs&dot4&wgsl";
import f32 from "../../shaders/attention_tiled.wgsl?options&wgsl";
import { defineKernel } from "../gpu/kernel.ts";
import { attentionTiles } from "./attention-tiles.ts";
import { wideGrid, wideKernel } from "./attention-wide.ts";

/** `attention_tiled` with windows, a bias, cosines, or a scale for each head. */
export const attentionOptions = defineKernel({
  name: "attention_options",
  bindings: {
    ...{ qkv: "read", qkv_scale: "read", bias: "read" },
    ...{ out: "write", out_scale: "write", params: "uniform" },
  },
  variants: attentionTiles({ pairs, dot4, f32 }, wideGrid),
  ...wideKernel(true),
});
