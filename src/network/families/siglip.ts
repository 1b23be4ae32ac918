// SigLIP's image tower: Zhai et al. 2023, "Sigmoid Loss for Language Image Pre-Training", and SigLIP 2 of one size of images: no class
// token, and a head that pools by attention.

import { asFields, field, readBoolean } from "../../format/fields.ts";
import { attentionPool } from "../attention-pool.ts";
import { answers, type EncoderSpec, encoder } from "../block.ts";
import { CLIP_TOWER } from "../clip-names.ts";
import type { Family } from "../family.ts";
import { type Dialect, within } from "../names.ts";
import { readSizes } from "../transformers.ts";

interface SiglipSpec extends EncoderSpec {
  /** 0: no head. */
  readonly classes: number;
  /** Rows are pooled by attention; else an embedding is their mean. */
  readonly pools: boolean;
}

const DEFAULTS = { hidden_act: "gelu_pytorch_tanh" };

const POOL: Dialect = within("pool", "head", {
  latent: "probe",
  // torch.nn.MultiheadAttention keeps Q, K and V as one.
  ...Object.fromEntries(
    ["weight", "bias", "weight_scale"].map((leaf) => [
      `query.${leaf}|key.${leaf}|value.${leaf}`,
      `attention.in_proj_${leaf}`,
    ]),
  ),
  proj: "attention.out_proj",
  norm: "layernorm",
  fc1: "mlp.fc1",
  fc2: "mlp.fc2",
});

export default {
  architectures: {
    SiglipModel: "embed",
    SiglipVisionModel: "embed",
    SiglipForImageClassification: "classify",
  },
  bases: ["vision_model"],
  processor: "Siglip",
  fixedSize: true,
  read(config, { classes }) {
    // With both towers, a part of the config is the image tower's.
    const tower = asFields(field(config, "vision_config") ?? config, "vision_config");
    const pools = readBoolean(tower, "vision_use_head", true);
    return { ...readSizes({ ...DEFAULTS, ...tower }, { eps: 1e-6 }), classes, pools };
  },
  dialects: () => [{ ...CLIP_TOWER, ...POOL }],
  build(spec, net) {
    const { classes, pools } = spec;
    const rows = encoder(net, spec, []);
    // The classifier reads the mean, not the output of the pooling head.
    return classes || !pools
      ? answers(net, net.pool("mean", rows), classes)
      : { embedding: attentionPool(net, spec, rows) };
  },
} satisfies Family<SiglipSpec>;
