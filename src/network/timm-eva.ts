// timm's `eva` class, of which DINOv3 and EVA-02 are, and `beit`, which it grew from: no bias of K, rotary positions or a bias of
// attention's scores, and a gated MLP or none.

import {
  checkFixed,
  type Fields,
  field,
  oneOf,
  readBoolean,
  readInteger,
  readPositive,
  unsupported,
} from "../format/fields.ts";
import { timmArguments, timmPictureSize } from "../format/timm.ts";
import { type Answers, answers, blocks, type EncoderSpec, patches, registers } from "./block.ts";
import type { Builder } from "./builder.ts";
import type { Reading } from "./family.ts";
import { type Dialect, within } from "./names.ts";
import type { Grid, Rotation } from "./op.ts";
import { asPatchSize, readMlpWidth } from "./sizes.ts";
import { TIMM } from "./timm-names.ts";

export interface EvaSpec extends EncoderSpec {
  /** 0: no head. */
  readonly classes: number;
  readonly registers: number;
  /** Whether all rows have positions besides the rotary ones. */
  readonly positions: boolean;
  readonly pool: "token" | "avg";
  /** The last norm is behind the mean. */
  readonly normsMean: boolean;
}

const POOLS = { token: "token", avg: "avg" } as const;
const FIXED_ARGS: Fields = {
  in_chans: 3,
  class_token: true,
  scale_attn_inner: false,
  use_post_norm: false,
  use_pre_transformer_norm: false,
  no_embed_class: false,
};
const READ_ARGS = [
  ...[
    "img_size",
    "patch_size",
    "embed_dim",
    "depth",
    "num_heads",
    "mlp_ratio",
    "swiglu_mlp",
    "swiglu_align_to",
  ],
  ...["scale_mlp", "qkv_bias", "qkv_fused", "init_values", "num_reg_tokens", "global_pool", "use_fc_norm"],
  ...[
    "ref_feat_shape",
    "use_rot_pos_emb",
    "use_abs_pos_emb",
    "rope_type",
    "rope_temperature",
    "rope_rotate_half",
  ],
];
const IDLE_ARGS = /drop|^num_classes$|^weight_init$|^dynamic_img|^head_init_scale$/;

/** @param defaults of the architecture; a norm's eps among them as `layer_norm_eps` */
export function readEva(config: Fields, { classes }: Reading, defaults: Fields): EvaSpec {
  const given = timmArguments(config);
  checkFixed(given, FIXED_ARGS);
  for (const key of Object.keys(given))
    if (!(key in FIXED_ARGS || READ_ARGS.includes(key) || IDLE_ARGS.test(key)))
      throw unsupported("model_args", `only ${READ_ARGS.join(", ")}`, key);
  const args = { ...defaults, ...given };
  const width = readInteger(args, "embed_dim", 1, 8192);
  checkFixed(config, { num_features: width });
  const pool = oneOf(
    field(args, "global_pool") ?? field(config, "global_pool") ?? "avg",
    "global_pool",
    POOLS,
  );
  const gated = readBoolean(args, "swiglu_mlp", false);
  const align = readInteger(args, "swiglu_align_to", 0, 1024, 0);
  const mlpWidth = readMlpWidth(args, width);
  const bias = readBoolean(args, "qkv_bias", true);
  return {
    image: timmPictureSize(config),
    patch: asPatchSize(field(args, "patch_size")),
    width,
    depth: readInteger(args, "depth", 1, 256),
    heads: readInteger(args, "num_heads", 1, 256),
    mlpWidth: align ? align * Math.ceil(mlpWidth / align) : mlpWidth,
    gated,
    mlpNorm: readBoolean(args, "scale_mlp", false),
    activation: gated ? "silu" : "gelu",
    qkvBias: bias,
    keyBias: false,
    layerScale: Boolean(field(args, "init_values")),
    eps: readPositive(args, "layer_norm_eps", 1e-6),
    antialias: true,
    classes,
    registers: readInteger(args, "num_reg_tokens", 0, 64, 0),
    positions: readBoolean(args, "use_abs_pos_emb", true),
    pool,
    normsMean: readBoolean(args, "use_fc_norm", pool === "avg"),
  };
}

/** The grid of patches, and how many rows are before it. */
export function evaGrid({ image, patch, registers }: EvaSpec): { grid: Grid; before: number } {
  return { grid: { width: image.width / patch, height: image.height / patch }, before: 1 + registers };
}

export function buildEva(net: Builder, spec: EvaSpec, rotation?: Rotation): Answers {
  const { antialias, eps, classes, pool, normsMean } = spec;
  const tokens = ["class_token", ...(spec.registers ? [registers(spec.registers)] : [])];
  const rows = net.tokens(tokens, patches(net, spec));
  const x = spec.positions ? net.table("positions", rows, { as: "x", antialias }) : rows;
  const last = blocks(net, { ...spec, rotation }, x);
  const normed = normsMean ? last : net.norm("norm", last, eps);
  const one = pool === "token" ? net.row(normed, 0) : net.pool("pool", normed, { first: 1 + spec.registers });
  return answers(net, normsMean ? net.norm("fc_norm", one, eps) : one, classes);
}

/** Q, K and V as one weight with biases of their own, or apart. */
const named = (first: Dialect): Dialect => {
  const { "blocks.*.fc1": _, ...others } = TIMM;
  return {
    ...others,
    ...within("blocks.*", "blocks.*", {
      "query.bias": "attn.q_bias",
      "value.bias": "attn.v_bias",
      query: "attn.q_proj",
      key: "attn.k_proj",
      value: "attn.v_proj",
      scale1: "gamma_1",
      scale2: "gamma_2",
      mlp_norm: "mlp.norm",
      ...first,
    }),
  };
};

const PLAIN = [named({ fc1: "mlp.fc1" })];
/** Both first layers of the MLP as one, or apart. */
const GATED = [named({ "gate|up": "mlp.fc1" }), named({ gate: "mlp.fc1_g", up: "mlp.fc1_x" })];

export const evaDialects = ({ gated }: EvaSpec) => (gated ? GATED : PLAIN);
