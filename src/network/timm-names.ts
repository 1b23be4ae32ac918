// The names of timm's VisionTransformer, which vit8 also writes.

import { type Dialect, within } from "./names.ts";

export const TIMM: Dialect = {
  class_token: "cls_token",
  distillation_token: "dist_token",
  positions: "pos_embed",
  patch: "patch_embed.proj",
  norm: "norm",
  head: "head",
  head_distillation: "head_dist",
  ...within("blocks.*", "blocks.*", {
    norm1: "norm1",
    qkv: "attn.qkv",
    proj: "attn.proj",
    scale1: "ls1.gamma",
    norm2: "norm2",
    fc1: "mlp.fc1",
    fc2: "mlp.fc2",
    scale2: "ls2.gamma",
  }),
};
