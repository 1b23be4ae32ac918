// The meaning of timm's names of Vision Transformers: the arguments of its functions vit_*, deit_*, deit3_* and flexivit_*.

import type { Fields } from "../format/fields.ts";

const size = (embed_dim: number, depth: number, num_heads: number, mlp_ratio = 4): Fields => ({
  embed_dim,
  depth,
  num_heads,
  mlp_ratio,
});

const SIZES: Readonly<Record<string, Fields>> = {
  tiny: size(192, 12, 3),
  wee: size(256, 14, 4, 5),
  xsmall: size(256, 10, 4),
  little: size(320, 14, 5, 5.6),
  small: size(384, 12, 6),
  medium: size(512, 12, 8),
  mediumd: size(512, 20, 8),
  betwixt: size(640, 12, 10),
  base: size(768, 12, 12),
  so150m2: { ...size(832, 21, 13, 34 / 13), qkv_bias: false },
  so150m: size(896, 18, 14, 2.572),
  large: size(1024, 24, 16),
  so400m: size(1152, 27, 16, 3.7362),
  huge: size(1280, 32, 16),
  giant: size(1408, 40, 16, 48 / 11),
  giantopt: size(1536, 40, 16),
  gigantic: size(1664, 48, 16, 64 / 13),
};

const KINDS: Readonly<Record<string, Fields>> = {
  vit: {},
  deit: {},
  deit3: { no_embed_class: true, init_values: 1e-6 },
  flexivit: { patch_size: 16, no_embed_class: true },
};

/** Words in a name other than kind, size, patch and pixels. */
const WORDS: Readonly<Record<string, Fields>> = {
  clip: { pre_norm: true, layer_norm_eps: 1e-5 },
  dino: {},
  dinov2: { init_values: 1e-5 },
  distilled: { distilled: true },
  gap: { class_token: false, global_pool: "avg", fc_norm: false },
  in21k: {},
  map: { class_token: false, global_pool: "map" },
  miil: { qkv_bias: false },
  plus: { embed_dim: 896, num_heads: 14, init_values: 1e-5 },
  quickgelu: { act_layer: "quick_gelu" },
  siglip: { class_token: false, global_pool: "map" },
  tipsv2: { init_values: 1 },
};

const MEANINGS = { ...SIZES, ...WORDS };
const PIXELS = /^\d{2,4}$/;

/** Names that are not the sum of their words. */
const EXCEPTIONS: readonly (readonly [name: RegExp, args: Fields])[] = [
  [/_reg\d_gap_/, { no_embed_class: true, init_values: 1e-5, fc_norm: undefined }],
  [/_base_patch16_reg4_gap_/, { init_values: undefined }],
  [/_so150m_patch16_reg4_gap_/, { no_embed_class: false, init_values: undefined, fc_norm: false }],
  [/_so150m2_/, { no_embed_class: false }],
  [/_reg\d_(?:dinov2|tipsv2)/, { no_embed_class: true }],
  [
    /_giant_patch14_(?:reg\d_)?(?:dinov2|tipsv2)/,
    { ...size(1536, 40, 24, 2.66667 * 2), mlp_layer: "swiglupacked", act_layer: "silu" },
  ],
  [/_base_patch16_gap_/, { num_heads: 16 }],
  [/_(?:medium|betwixt)_patch16_gap_/, { qkv_bias: false, init_values: 1e-6 }],
  [/_siglip_gap_/, { global_pool: "avg" }],
  [
    /_patch32_siglip_|_giantopt_|_large_patch16_siglip_(?:gap_)?512|_so400m_patch16_siglip_/,
    { act_layer: "gelu_tanh" },
  ],
  [/_plus_clip_/, { init_values: undefined }],
];

/** The defaults of an architecture, with a tag after a dot or without; undefined for one that is no plain Vision Transformer. */
export function timmVitArguments(architecture: string): Fields | undefined {
  const [name] = architecture.split(".", 1);
  const [kind, ...words] = name.split("_");
  if (!Object.hasOwn(KINDS, kind)) return undefined;
  const args: Fields = { patch_size: 16, ...KINDS[kind] };
  for (const word of words) {
    const [, patch, registers] = /^patch(\d{1,3})$|^reg(\d{1,2})$/.exec(word) ?? [];
    if (patch) args.patch_size = Number(patch);
    else if (registers) args.reg_tokens = Number(registers);
    else if (Object.hasOwn(MEANINGS, word)) Object.assign(args, MEANINGS[word]);
    else if (!PIXELS.test(word)) return undefined;
  }
  for (const [pattern, more] of EXCEPTIONS) if (pattern.test(name)) Object.assign(args, more);
  return "embed_dim" in args ? args : undefined;
}
