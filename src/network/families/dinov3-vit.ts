// DINOv3: Simeoni et al. 2025, with rotary positions of the patches, registers, no bias of K, and for the largest a gated MLP.

import { readBoolean, readInteger, readPositive } from "../../format/fields.ts";
import { answers, blocks, type EncoderSpec, patches, registers, tokenGrid } from "../block.ts";
import type { Family } from "../family.ts";
import { type Dialect, within } from "../names.ts";
import { dinov3Rotary } from "../rotary.ts";
import { readSizes } from "../transformers.ts";

interface Dinov3Spec extends EncoderSpec {
  readonly registers: number;
  /** Base of the rotary positions. */
  readonly theta: number;
}

/** Defaults that differ from ViTConfig's. */
const DEFAULTS = { hidden_size: 384, intermediate_size: 1536, num_attention_heads: 6 };

const named = (blocks: string, gated = false): Dialect => ({
  class_token: "embeddings.cls_token",
  register_tokens: "embeddings.register_tokens",
  patch: "embeddings.patch_embeddings",
  norm: "norm",
  ...within("blocks.*", blocks, {
    norm1: "norm1",
    query: "attention.q_proj",
    key: "attention.k_proj",
    value: "attention.v_proj",
    proj: "attention.o_proj",
    scale1: "layer_scale1.lambda1",
    norm2: "norm2",
    ...(gated ? { gate: "mlp.gate_proj", up: "mlp.up_proj" } : { fc1: "mlp.up_proj" }),
    fc2: "mlp.down_proj",
    scale2: "layer_scale2.lambda1",
  }),
});

export default {
  architectures: { DINOv3ViTModel: "embed" },
  bases: ["model", "dinov3_vit"],
  processor: {
    name: "DINOv3ViT",
    square: true,
    edge: 224,
    resample: 2,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  },
  read(config) {
    return {
      ...readSizes({ ...DEFAULTS, ...config }, { eps: 1e-5 }),
      qkvBias: readBoolean(config, "query_bias", true),
      keyBias: readBoolean(config, "key_bias", false),
      valueBias: readBoolean(config, "value_bias", true),
      projBias: readBoolean(config, "proj_bias", true),
      mlpBias: readBoolean(config, "mlp_bias", true),
      layerScale: true,
      gated: readBoolean(config, "use_gated_mlp", false),
      registers: readInteger(config, "num_register_tokens", 0, 64, 0),
      theta: readPositive(config, "rope_theta", 100),
    };
  },
  dialects: ({ gated }) => [named("layer.*", gated)],
  build(spec, net) {
    const { width, heads, theta, eps } = spec;
    const tokens = ["class_token", ...(spec.registers ? [registers(spec.registers)] : [])];
    const x = net.tokens(tokens, patches(net, spec));
    const grid = tokenGrid(spec);
    const before = x.rows - grid.width * grid.height;
    const rotation = dinov3Rotary({ grid, headDim: width / heads, before, pairs: "halves" }, theta);
    const rows = net.norm("norm", blocks(net, { ...spec, rotation }, x), eps);
    return answers(net, net.row(rows, 0), 0);
  },
} satisfies Family<Dinov3Spec>;
