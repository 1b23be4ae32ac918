// The names of transformers for the tensors of a synthetic network, for tests; test/peers/names.json has its own.

import type { Tensor, Tensors } from "./made-up-vit.shared.ts";

/** What save_pretrained writes, and what the model itself and save_pretrained(save_original_format=False) have. */
export type TransformersNames = "saved" | "state_dict";

type Rules = readonly (readonly [RegExp, string])[];

const OUTSIDE: Rules = [
  [/^cls_token/, "embeddings.cls_token"],
  [/^dist_token/, "embeddings.distillation_token"],
  [/^pos_embed/, "embeddings.position_embeddings"],
  [/^patch_embed\.proj/, "embeddings.patch_embeddings.projection"],
  [/^norm\./, "layernorm."],
];
const NORMS: Rules = [
  [/norm1/, "layernorm_before"],
  [/norm2/, "layernorm_after"],
];
const ATTENTION: Record<TransformersNames, Rules> = {
  saved: [
    [/attn\.proj/, "attention.output.dense"],
    [/attn\.(query|key|value)/, "attention.attention.$1"],
  ],
  state_dict: [
    [/attn\.proj/, "attention.o_proj"],
    [/attn\.([qkv])\w+/, "attention.$1_proj"],
  ],
};
const VIT: Record<TransformersNames, Rules> = {
  saved: [
    [/^blocks\./, "encoder.layer."],
    [/mlp\.fc1/, "intermediate.dense"],
    [/mlp\.fc2/, "output.dense"],
  ],
  state_dict: [[/^blocks\./, "layers."]],
};
const DINOV2: Rules = [
  [/^blocks\./, "encoder.layer."],
  [/ls(\d)\.gamma/, "layer_scale$1.lambda1"],
];

/** From timm's names, Q, K and V apart. */
export function inTransformersNames(family: string, tensors: Tensors, names: TransformersNames): Tensors {
  const own = family.startsWith("Dinov2") ? DINOV2 : [...NORMS, ...VIT[names], ...DINOV2];
  const rules = [...OUTSIDE, ...ATTENTION[names], ...own];
  const base = family.endsWith("Model") ? "" : `${family.slice(0, 3) === "ViT" ? "vit" : "deit"}.`;
  const inBase = (name: string) => base + rules.reduce((text, [from, to]) => text.replace(from, to), name);
  const named: Tensors = new Map();
  for (const [name, tensor] of tensors) {
    if (name.startsWith("head")) named.set(headName(family, name), tensor);
    else if (name.includes("qkv"))
      for (const [i, part] of ["query", "key", "value"].entries())
        named.set(inBase(name.replace("qkv", part)), third(tensor, i));
    else named.set(inBase(name), tensor);
  }
  return named;
}

function headName(family: string, name: string): string {
  const head = family.endsWith("WithTeacher") ? "cls_classifier" : "classifier";
  return name.replace("head_dist", "distillation_classifier").replace(/^head/, head);
}

function third({ shape: [out, ...inputs], values }: Tensor, part: number): Tensor {
  const length = values.length / 3;
  return { shape: [out / 3, ...inputs], values: values.subarray(part * length, (part + 1) * length) };
}
