// EVA-02: Fang et al. 2023, "EVA-02: A Visual Representation for Neon Genesis", as timm has it, without its CLIP towers.

import { type Fields, unsupported } from "../../../format/fields.ts";
import type { Family } from "../../family.ts";
import { rotary } from "../../rotary.ts";
import { buildEva, type EvaSpec, evaDialects, evaGrid, readEva } from "../../timm-eva.ts";

const size = (embed_dim: number, depth: number, num_heads: number): Fields => ({
  ...{ patch_size: 14, embed_dim, depth, num_heads, mlp_ratio: (4 * 2) / 3, swiglu_mlp: true },
});

const SIZES: Readonly<Record<string, Fields>> = {
  tiny: size(192, 12, 3),
  small: size(384, 12, 6),
  base: { ...size(768, 12, 12), scale_mlp: true },
  large: { ...size(1024, 24, 16), scale_mlp: true },
};

/** Patches along a side of the pictures that it was trained on first: positions are stretched to these. */
const TRAINED = 16;

export default {
  read(config, reading) {
    const [, which] = /^eva02_(tiny|small|base|large)_patch14_\d{3}(?:\.|$)/.exec(reading.name) ?? [];
    if (!which) throw unsupported("timm architecture", "eva02_* without clip", reading.name);
    return readEva(config, reading, SIZES[which]);
  },
  dialects: evaDialects,
  build(spec, net) {
    const headDim = spec.width / spec.heads;
    const frequencies = Array.from({ length: headDim / 4 }, (_, i) => 1 / 10_000 ** (i / (headDim / 4)));
    const at = (place: number, count: number) => (place / count) * TRAINED;
    return buildEva(net, spec, rotary({ ...evaGrid(spec), headDim, pairs: "neighbors", frequencies, at }));
  },
} satisfies Family<EvaSpec>;
