import { expect, test } from "vitest";
import deit from "./families/deit.ts";
import dinov2 from "./families/dinov2.ts";
import vit from "./families/vit.ts";
import { Names } from "./names.ts";
import { BASES } from "./transformers.ts";

const distilled = deit.dialects({ distilled: true } as never);
const names = new Names([...vit.dialects({} as never), ...distilled, ...dinov2.dialects({} as never)], BASES);

test.each([
  ["cls_token", "class_token"],
  ["dist_token", "distillation_token"],
  ["pos_embed", "positions"],
  ["patch_embed.proj.weight", "patch.weight"],
  ["blocks.11.attn.qkv.bias", "blocks.11.qkv.bias"],
  ["blocks.0.attn.proj.weight_scale", "blocks.0.proj.weight_scale"],
  ["blocks.0.ls1.gamma", "blocks.0.scale1"],
  ["blocks.0.mlp.fc2.weight", "blocks.0.fc2.weight"],
  ["norm.weight", "norm.weight"],
  ["head_dist.bias", "head_distillation.bias"],
  ["vit.embeddings.cls_token", "class_token"],
  ["deit.embeddings.distillation_token", "distillation_token"],
  ["embeddings.position_embeddings", "positions"],
  ["vit.embeddings.patch_embeddings.projection.bias", "patch.bias"],
  ["vit.encoder.layer.3.layernorm_before.weight", "blocks.3.norm1.weight"],
  ["vit.encoder.layer.3.attention.attention.query.weight", "blocks.3.query.weight"],
  ["vit.encoder.layer.3.attention.attention.key.bias", "blocks.3.key.bias"],
  ["vit.encoder.layer.3.attention.attention.value.weight", "blocks.3.value.weight"],
  ["vit.encoder.layer.3.attention.output.dense.weight", "blocks.3.proj.weight"],
  ["vit.encoder.layer.3.layernorm_after.bias", "blocks.3.norm2.bias"],
  ["vit.encoder.layer.3.intermediate.dense.weight", "blocks.3.fc1.weight"],
  ["vit.encoder.layer.3.output.dense.weight", "blocks.3.fc2.weight"],
  ["encoder.layer.3.layer_scale2.lambda1", "blocks.3.scale2"],
  ["encoder.layer.3.norm2.weight", "blocks.3.norm2.weight"],
  ["encoder.layer.3.mlp.fc1.bias", "blocks.3.fc1.bias"],
  ["vit.layers.3.attention.q_proj.weight", "blocks.3.query.weight"],
  ["layers.3.attention.k_proj.weight", "blocks.3.key.weight"],
  ["deit.layers.3.attention.v_proj.bias", "blocks.3.value.bias"],
  ["encoder.layer.3.attention.o_proj.bias", "blocks.3.proj.bias"],
  ["vit.layers.3.mlp.fc1.weight", "blocks.3.fc1.weight"],
  ["vit.layernorm.weight", "norm.weight"],
  ["classifier.weight", "head.weight"],
  ["cls_classifier.bias", "head.bias"],
  ["distillation_classifier.weight", "head_distillation.weight"],
  ["vit.pooler.dense.weight", undefined],
  ["embeddings.mask_token", undefined],
  ["blocks.0.attn.q_norm.weight", "blocks.0.q_norm.weight"],
  ["blocks.01.norm1.weight", undefined],
  ["norm.__proto__", undefined],
  ["constructor.weight", undefined],
])("%s is %s", (name, canonical) => {
  expect(names.canonical(name)).toBe(canonical);
});

test.each([
  "cls_token",
  "pos_embed",
  "patch_embed.proj.bias",
  "blocks.7.attn.qkv.weight",
  "blocks.0.ls2.gamma",
  "head_dist.weight",
])("%s is written as it is read", (name) => expect(names.stored(names.canonical(name)!)).toBe(name));
