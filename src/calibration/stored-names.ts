// The name under which a quantised file holds a tensor: timm's, whatever the float file said.

import type { CanonicalName } from "../format/names.ts";

const WHOLE: Record<string, string> = {
  class_token: "cls_token",
  distillation_token: "dist_token",
  positions: "pos_embed",
};

const STEMS: Record<string, string> = {
  patch: "patch_embed.proj",
  head_distillation: "head_dist",
  qkv: "attn.qkv",
  proj: "attn.proj",
  fc1: "mlp.fc1",
  fc2: "mlp.fc2",
};

/** Inverse of `canonicalName` for timm's names. */
export function storedName(name: CanonicalName): string {
  const [, block = "", rest] = /^(blocks\.\d+\.)?(.*)$/.exec(name)!;
  if (WHOLE[rest]) return WHOLE[rest];
  if (rest === "scale1" || rest === "scale2") return `${block}ls${rest.at(-1)}.gamma`;
  const [stem, ...leaf] = rest.split(".");
  return `${block}${[STEMS[stem] ?? stem, ...leaf].join(".")}`;
}
