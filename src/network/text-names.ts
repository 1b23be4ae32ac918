// The names of transformers' CLIP and SigLIP text towers.

import { type Dialect, within } from "./names.ts";

export const TEXT_TOWER: Dialect = {
  words: "text_model.embeddings.token_embedding",
  positions: "text_model.embeddings.position_embedding.weight",
  norm: "text_model.final_layer_norm",
  ...within("blocks.*", "text_model.encoder.layers.*", {
    norm1: "layer_norm1",
    query: "self_attn.q_proj",
    key: "self_attn.k_proj",
    value: "self_attn.v_proj",
    proj: "self_attn.out_proj",
    norm2: "layer_norm2",
    fc1: "mlp.fc1",
    fc2: "mlp.fc2",
  }),
};
