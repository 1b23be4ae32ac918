// BEiT and BEiT v2: Bao et al. 2022, "BEiT: BERT Pre-Training of Image Transformers", and Peng et al. 2022, as timm has them.

import { type Fields, unsupported } from "../../../format/fields.ts";
import { beitBias } from "../../beit.ts";
import { tokenGrid } from "../../block.ts";
import type { Family } from "../../family.ts";
import type { Dialect } from "../../names.ts";
import { buildEva, type EvaSpec, evaDialects, readEva } from "../../timm-eva.ts";

const shared: Fields = { patch_size: 16, use_abs_pos_emb: false, init_values: 1e-5 };
const SIZES: Readonly<Record<string, Fields>> = {
  base: { ...shared, embed_dim: 768, depth: 12, num_heads: 12 },
  large: { ...shared, embed_dim: 1024, depth: 24, num_heads: 16 },
};

const TABLE: Dialect = { "blocks.*.bias_table": "blocks.*.attn.relative_position_bias_table" };

export default {
  read(config, reading) {
    const [, which] = /^beit(?:v2)?_(base|large)_patch16_\d{3}(?:\.|$)/.exec(reading.name) ?? [];
    if (!which) throw unsupported("timm architecture", "beit_* or beitv2_*, base or large", reading.name);
    return readEva(config, reading, SIZES[which]);
  },
  dialects: (spec) => evaDialects(spec).map((names) => ({ ...names, ...TABLE })),
  build(spec, net) {
    const attention = (at: string) => ({
      bias: beitBias(net, at, `${at}.bias_table`, spec.heads, tokenGrid(spec)),
    });
    return buildEva(net, { ...spec, attention });
  },
} satisfies Family<EvaSpec>;
