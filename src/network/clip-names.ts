// The names of transformers' CLIP towers, which SigLIP has too.

import { type Dialect, within } from "./names.ts";

/** Of both towers. */
export const CLIP_BLOCK: Dialect = {
  norm1: "layer_norm1",
  query: "self_attn.q_proj",
  key: "self_attn.k_proj",
  value: "self_attn.v_proj",
  proj: "self_attn.out_proj",
  norm2: "layer_norm2",
  fc1: "mlp.fc1",
  fc2: "mlp.fc2",
};

export const CLIP_TOWER: Dialect = {
  positions: "embeddings.position_embedding.weight",
  patch: "embeddings.patch_embedding",
  norm: "post_layernorm",
  head: "classifier",
  ...within("blocks.*", "encoder.layers.*", CLIP_BLOCK),
};
