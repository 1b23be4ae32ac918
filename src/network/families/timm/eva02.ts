// EVA-02: Fang et al. 2023, "EVA-02: A Visual Representation for Neon Genesis", the image towers of EVA-CLIP (Sun et al. 2023), and the
// giant of EVA, as timm has them.

import { type Fields, unsupported } from "../../../format/fields.ts";
import type { Family } from "../../family.ts";
import { buildEva, type EvaSpec, evaDialects, readEva } from "../../timm-eva.ts";

const size = (embed_dim: number, depth: number, num_heads: number): Fields => ({
  ...{ patch_size: 14, embed_dim, depth, num_heads, mlp_ratio: (4 * 2) / 3, swiglu_mlp: true },
  // Patches along a side of the images that it was trained on first: positions are stretched to these.
  ...{ use_rot_pos_emb: true, ref_feat_shape: 16 },
});
const plain = (embed_dim: number, depth: number, num_heads: number, mlpWidth: number): Fields => ({
  ...{ patch_size: 14, embed_dim, depth, num_heads, mlp_ratio: mlpWidth / embed_dim },
});
const BASE = { ...size(768, 12, 12), scale_mlp: true };
const LARGE = { ...size(1024, 24, 16), scale_mlp: true };
const GIANT = plain(1408, 40, 16, 6144);
/** Image towers of CLIP. */
const TOWER = { global_pool: "token", scale_attn_inner: true };

const SIZES: Readonly<Record<string, Fields>> = {
  eva02_tiny_patch14: size(192, 12, 3),
  eva02_small_patch14: size(384, 12, 6),
  eva02_base_patch14: BASE,
  eva02_large_patch14: LARGE,
  eva02_base_patch16_clip: { ...BASE, ...TOWER, patch_size: 16 },
  eva02_large_patch14_clip: { ...LARGE, ...TOWER },
  eva02_enormous_patch14_clip: { ...plain(1792, 64, 16, 15_360), global_pool: "token", use_post_norm: true },
  eva_giant_patch14: GIANT,
  eva_giant_patch14_clip: { ...GIANT, global_pool: "token" },
};

export default {
  read(config, reading) {
    const [, which] = /^(.*)_\d{3}(?:\.|$)/.exec(reading.name) ?? [];
    if (!which || !Object.hasOwn(SIZES, which))
      throw unsupported("timm architecture", `one of ${Object.keys(SIZES).join(", ")}`, reading.name);
    return readEva(config, reading, SIZES[which]);
  },
  dialects: evaDialects,
  build: (spec, net) => buildEva(net, spec),
} satisfies Family<EvaSpec>;
