// DINOv3 as timm has it: vit_small_patch16_dinov3, vit_huge_plus_patch16_dinov3, ...

import { type Fields, unsupported } from "../../../format/fields.ts";
import type { Family } from "../../family.ts";
import { buildEva, type EvaSpec, evaDialects, readEva } from "../../timm-eva.ts";

const size = (embed_dim: number, depth: number, num_heads: number, mlp_ratio = 4): Fields => ({
  ...{ patch_size: 16, embed_dim, depth, num_heads, mlp_ratio, qkv_bias: false, init_values: 1e-5 },
  ...{ num_reg_tokens: 4, use_abs_pos_emb: false, use_fc_norm: false, layer_norm_eps: 1e-5 },
  ...{ use_rot_pos_emb: true, rope_type: "dinov3", rope_temperature: 100, rope_rotate_half: true },
});
const GATED = { swiglu_mlp: true, swiglu_align_to: 8 };

const SIZES: Readonly<Record<string, Fields>> = {
  tiny: size(192, 12, 3),
  small: size(384, 12, 6),
  small_plus: { ...size(384, 12, 6), ...GATED },
  base: size(768, 12, 12),
  large: size(1024, 24, 16),
  huge_plus: { ...size(1280, 32, 20), ...GATED },
};

export default {
  read(config, reading) {
    const [, which, bias] = /^vit_([a-z]+(?:_plus)?)_patch16_dinov3(_qkvb)?(?:\.|$)/.exec(reading.name) ?? [];
    if (!which || !(which in SIZES))
      throw unsupported("timm architecture", `vit_*_patch16_dinov3 of ${Object.keys(SIZES)}`, reading.name);
    return readEva(config, reading, { ...SIZES[which], ...(bias && { qkv_bias: true }) });
  },
  dialects: evaDialects,
  build: (spec, net) => buildEva(net, spec),
} satisfies Family<EvaSpec>;
