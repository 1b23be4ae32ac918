// CLIP's image tower: Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision", with a norm before
// the blocks, no bias of the patches, and a projection into the space that it shares with texts.

import { asFields, field, readInteger } from "../../format/fields.ts";
import { blocks, type EncoderSpec, patches } from "../block.ts";
import { CLIP_TOWER } from "../clip-names.ts";
import type { Family } from "../family.ts";
import type { Value } from "../op.ts";
import { readSizes } from "../transformers.ts";

interface ClipSpec extends EncoderSpec {
  /** Channels of the projection; 0: none. */
  readonly projection: number;
  /** 0: no head. */
  readonly classes: number;
}

const DEFAULTS = { hidden_act: "quick_gelu" };

export default {
  architectures: {
    CLIPVisionModel: "embed",
    CLIPModel: "embed",
    CLIPVisionModelWithProjection: "embed",
    CLIPForImageClassification: "classify",
  },
  bases: ["vision_model"],
  processor: "CLIP",
  fixedSize: true,
  read(config, { name, classes }) {
    // With both towers, a part of the config is the image tower's.
    const tower = asFields(field(config, "vision_config") ?? config, "vision_config");
    const projects = name === "CLIPModel" || name === "CLIPVisionModelWithProjection";
    return {
      ...readSizes({ ...DEFAULTS, ...tower }, { patch: 32, eps: 1e-5 }),
      projection: projects ? readInteger(config, "projection_dim", 1, 8192, 512) : 0,
      classes,
    };
  },
  dialects: () => [
    {
      ...CLIP_TOWER,
      class_token: "embeddings.class_embedding",
      norm_pre: "pre_layrnorm",
      head_projection: "visual_projection",
    },
  ],
  build(spec, net): Readonly<Record<string, Value>> {
    const { width, eps, projection, classes } = spec;
    const rows = patches(net, spec, false);
    const tokens = net.tokens([{ name: "class_token", rows: 1, shape: [width] }], rows);
    const placed = net.table("positions", tokens, { as: "placed", shape: [tokens.rows, width] });
    const x = blocks(net, spec, net.norm("norm_pre", placed, eps));
    // The classifier reads the mean of the patches, before the last norm.
    if (classes > 0) {
      const mean = net.pool("mean", x, { first: 1 });
      return { embedding: mean, logits: net.linear("head", mean, { out: classes }) };
    }
    const pooled = net.norm("norm", net.row(x, 0), eps);
    if (projection === 0) return { embedding: pooled };
    return { embedding: net.linear("head_projection", pooled, { out: projection, bias: false }) };
  },
} satisfies Family<ClipSpec>;
