// The names of transformers' CLIP and SigLIP text towers.

import { CLIP_BLOCK } from "./clip-names.ts";
import { type Dialect, within } from "./names.ts";

export const TEXT_TOWER: Dialect = {
  words: "text_model.embeddings.token_embedding",
  positions: "text_model.embeddings.position_embedding.weight",
  norm: "text_model.final_layer_norm",
  ...within("blocks.*", "text_model.encoder.layers.*", CLIP_BLOCK),
};
