// The names of timm's VisionTransformer, which vit8 also writes.

import { type Dialect, within } from "./names.ts";

/** With the names of the MLP's first layer. */
const named = (first: Dialect): Dialect => ({
  class_token: "cls_token",
  distillation_token: "dist_token",
  register_tokens: "reg_token",
  positions: "pos_embed",
  patch: "patch_embed.proj",
  norm_pre: "norm_pre",
  norm: "norm",
  fc_norm: "fc_norm",
  head: "head",
  head_distillation: "head_dist",
  ...within("pool", "attn_pool", {
    latent: "latent",
    query: "q",
    "key|value": "kv",
    proj: "proj",
    norm: "norm",
    fc1: "mlp.fc1",
    fc2: "mlp.fc2",
  }),
  ...within("blocks.*", "blocks.*", {
    norm1: "norm1",
    qkv: "attn.qkv",
    q_norm: "attn.q_norm",
    k_norm: "attn.k_norm",
    attention_norm: "attn.norm",
    proj: "attn.proj",
    scale1: "ls1.gamma",
    norm2: "norm2",
    ...first,
    mlp_norm: "mlp.norm",
    fc2: "mlp.fc2",
    scale2: "ls2.gamma",
  }),
});

export const TIMM = named({ fc1: "mlp.fc1" });

/** For MLPs with a gate: SwiGLUPacked stores both layers as one, SwiGLU separately. */
export const TIMM_GATED = [named({ "gate|up": "mlp.fc1" }), named({ gate: "mlp.fc1_g", up: "mlp.fc1_x" })];
