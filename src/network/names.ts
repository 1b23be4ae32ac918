// One set of tensor names for timm's and transformers' checkpoints, in both directions.

/** `patch.weight`, `positions`, `blocks.3.qkv.bias`, `head.weight_scale`, ...: listed by `expectedTensors`. */
export type CanonicalName = string;

/** transformers' name for the network without its head, which a file may have or lack, tensor by tensor. */
export const BASE = /^(?:vit|deit|dinov2)\./;
const BLOCK = /^(?:blocks|encoder\.layer|layers)\.(0|[1-9]\d{0,3})\.(.+)$/;
const LEAF = /^(.+)\.(weight|bias|weight_scale)$/;

/** A name as this code has it, as timm does, and as releases of transformers do. */
type Names = readonly (readonly [
  canonical: string,
  timm: string | undefined,
  ...transformers: readonly string[],
])[];

/** Tensors by themselves. */
const WHOLE: Names = [
  ["class_token", "cls_token", "embeddings.cls_token"],
  ["distillation_token", "dist_token", "embeddings.distillation_token"],
  ["positions", "pos_embed", "embeddings.position_embeddings"],
];

/** What has a weight and mostly a bias. */
const STEMS: Names = [
  ["patch", "patch_embed.proj", "embeddings.patch_embeddings.projection"],
  ["norm", "norm", "layernorm"],
  ["head", "head", "classifier", "cls_classifier"],
  ["head_distillation", "head_dist", "distillation_classifier"],
];

const BLOCK_WHOLE: Names = [
  ["scale1", "ls1.gamma", "layer_scale1.lambda1"],
  ["scale2", "ls2.gamma", "layer_scale2.lambda1"],
];

const BLOCK_STEMS: Names = [
  ["norm1", "norm1", "layernorm_before"],
  ["qkv", "attn.qkv"],
  ["query", undefined, "attention.attention.query", "attention.q_proj"],
  ["key", undefined, "attention.attention.key", "attention.k_proj"],
  ["value", undefined, "attention.attention.value", "attention.v_proj"],
  ["proj", "attn.proj", "attention.output.dense", "attention.o_proj"],
  ["norm2", "norm2", "layernorm_after"],
  ["fc1", "mlp.fc1", "intermediate.dense"],
  ["fc2", "mlp.fc2", "output.dense"],
];

/** The one name of a tensor, without what wraps its network; undefined for those that inference does not know. */
export function canonicalName(name: string): CanonicalName | undefined {
  const bare = name.replace(BASE, "");
  const [, block, part] = BLOCK.exec(bare) ?? [];
  if (block === undefined) return translate(bare, canonicalOf(WHOLE), canonicalOf(STEMS));
  const inner = translate(part, canonicalOf(BLOCK_WHOLE), canonicalOf(BLOCK_STEMS));
  return inner && `blocks.${block}.${inner}`;
}

/** The name under which timm has a tensor, of Q, K and V as one. */
export function timmName(name: CanonicalName): string {
  const [, block, part] = BLOCK.exec(name) ?? [];
  if (block === undefined) return translate(name, timmOf(WHOLE), timmOf(STEMS))!;
  return `blocks.${block}.${translate(part, timmOf(BLOCK_WHOLE), timmOf(BLOCK_STEMS))!}`;
}

type Find = (name: string) => string | undefined;

const canonicalOf =
  (names: Names): Find =>
  (name) =>
    names.find(([, ...stored]) => stored.includes(name))?.[0];
const timmOf =
  (names: Names): Find =>
  (name) =>
    names.find(([canonical]) => canonical === name)?.[1];

function translate(name: string, whole: Find, stems: Find): string | undefined {
  const found = whole(name);
  if (found) return found;
  const [, stem, leaf] = LEAF.exec(name) ?? [];
  const known = stem && stems(stem);
  return known ? `${known}.${leaf}` : undefined;
}
