// Shared by the configs and checkpoints of transformers' Vision Transformers.

import {
  asSize,
  checkFixed,
  type Fields,
  field,
  readBoolean,
  readInteger,
  readPositive,
} from "../format/fields.ts";
import { MAX_IMAGE_SIDE } from "../format/limits.ts";
import type { EncoderSpec } from "./block.ts";
import { type Dialect, within } from "./names.ts";
import { asPatchSize, MAX_MLP_WIDTH, readActivation } from "./sizes.ts";

/** The sizes of a ViT by the names of most configs, with ViTConfig's defaults except for those that a class overrides. */
export function readSizes(config: Fields, { patch = 16, eps = 1e-12 } = {}): EncoderSpec {
  checkFixed(config, { num_channels: 3 });
  return {
    image: asSize(field(config, "image_size") ?? 224, "image_size", MAX_IMAGE_SIDE),
    patch: asPatchSize(field(config, "patch_size") ?? patch),
    width: readInteger(config, "hidden_size", 1, 8192, 768),
    depth: readInteger(config, "num_hidden_layers", 1, 256, 12),
    heads: readInteger(config, "num_attention_heads", 1, 256, 12),
    mlpWidth: readInteger(config, "intermediate_size", 1, MAX_MLP_WIDTH, 3072),
    qkvBias: readBoolean(config, "qkv_bias", true),
    eps: readPositive(config, "layer_norm_eps", eps),
    activation: readActivation(config),
  };
}

/** Prefixes of the network's names in a file with a head; files mix these three up. */
export const BASES = ["vit", "deit", "dinov2"];

/** Outside of the blocks. */
export const EMBEDDINGS: Dialect = {
  class_token: "embeddings.cls_token",
  distillation_token: "embeddings.distillation_token",
  positions: "embeddings.position_embeddings",
  patch: "embeddings.patch_embeddings.projection",
  norm: "layernorm",
  head: "classifier",
};

/** Attention as save_pretrained writes it, and as the modules of transformers 5 call it. */
export const SAVED_ATTENTION: Dialect = {
  query: "attention.attention.query",
  key: "attention.attention.key",
  value: "attention.attention.value",
  proj: "attention.output.dense",
};
export const ATTENTION: Dialect = {
  query: "attention.q_proj",
  key: "attention.k_proj",
  value: "attention.v_proj",
  proj: "attention.o_proj",
};

const NORMS: Dialect = { norm1: "layernorm_before", norm2: "layernorm_after" };

/** ViT's names, old and new. */
export const VIT_NAMES: readonly Dialect[] = [
  {
    ...EMBEDDINGS,
    ...within("blocks.*", "encoder.layer.*", {
      ...NORMS,
      ...SAVED_ATTENTION,
      fc1: "intermediate.dense",
      fc2: "output.dense",
    }),
  },
  {
    ...EMBEDDINGS,
    ...within("blocks.*", "layers.*", { ...NORMS, ...ATTENTION, fc1: "mlp.fc1", fc2: "mlp.fc2" }),
  },
];
