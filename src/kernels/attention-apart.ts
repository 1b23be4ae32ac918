import dot4 from "../../shaders/attention_tiled.wgsl?apart&dot4&wgsl";
import pairs from "../../shaders/attention_tiled.wgsl?apart&pairs&dot4&wgsl";
import f32 from "../../shaders/attention_tiled.wgsl?apart&wgsl";
import { defineKernel } from "../gpu/kernel.ts";
import { attentionTiles } from "./attention-tiles.ts";
import { wideGrid, wideKernel } from "./attention-wide.ts";

/** `attention_tiled` of Q, K and V in three tensors, Q with rows of its own. */
export const attentionApart = defineKernel({
  name: "attention_apart",
  bindings: {
    ...{ q: "read", q_scale: "read", k: "read", k_scale: "read", v: "read", v_scale: "read" },
    ...{ out: "write", out_scale: "write", params: "uniform" },
  },
  variants: attentionTiles({ pairs, dot4, f32 }, wideGrid),
  ...wideKernel(false),
});
