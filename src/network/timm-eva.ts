// timm's `eva` class, of which DINOv3 and EVA-02 are, and `beit`, which it grew from: no bias of K, rotary positions or a bias of
// attention's scores, and a gated MLP or none.

import {
  asSize,
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
import { type Answers, answers, blocks, type EncoderSpec, tokenGrid } from "./block.ts";
import type { Builder } from "./builder.ts";
import type { Reading } from "./family.ts";
import { type Dialect, within } from "./names.ts";
import type { Grid, Rotation } from "./op.ts";
import { dinov3Rotary, rotary } from "./rotary.ts";
import { asPatchSize, readMlpWidth } from "./sizes.ts";
import { checkArguments, embedded, type TimmEmbedding } from "./timm-embedding.ts";
import { TIMM } from "./timm-names.ts";

export interface EvaSpec extends EncoderSpec, Required<Omit<TimmEmbedding, "distilled">> {
  /** 0: no head. */
  readonly classes: number;
  readonly pool: "token" | "avg";
  /** The last norm is behind the mean. */
  readonly normsMean: boolean;
  readonly rope: RopeSpec | undefined;
}

interface RopeSpec {
  readonly type: "cat" | "dinov3";
  readonly temperature: number;
  readonly pairs: Rotation["pairs"];
  /** Patches down and across that positions are stretched to. */
  readonly reference: Grid | undefined;
}

const POOLS = { token: "token", avg: "avg" } as const;
const ROPES = { cat: "cat", dinov3: "dinov3" } as const;
const FIXED_ARGS: Fields = {
  in_chans: 3,
  attn_type: "eva",
  rope_grid_offset: 0,
  rope_grid_indexing: "ij",
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
  ...["class_token", "no_embed_class", "scale_attn_inner", "use_post_norm", "use_pre_transformer_norm"],
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
  checkArguments(given, FIXED_ARGS, READ_ARGS, IDLE_ARGS);
  const args = { ...defaults, ...given };
  const width = readInteger(args, "embed_dim", 1, 8192);
  checkFixed(config, { num_features: width });
  const pool = oneOf(
    field(args, "global_pool") ?? field(config, "global_pool") ?? "avg",
    "global_pool",
    POOLS,
  );
  const postNorm = readBoolean(args, "use_post_norm", false);
  const gated = readBoolean(args, "swiglu_mlp", false);
  const align = readInteger(args, "swiglu_align_to", 0, 1024, 0);
  const mlpWidth = readMlpWidth(args, width);
  const classToken = readBoolean(args, "class_token", true);
  if (pool === "token" && !classToken) throw unsupported("class_token", "true with global_pool token", false);
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
    qkvBias: readBoolean(args, "qkv_bias", true),
    keyBias: false,
    attentionNorm: readBoolean(args, "scale_attn_inner", false),
    postNorm,
    layerScale: !postNorm && field(args, "init_values") !== undefined,
    eps: readPositive(args, "layer_norm_eps", 1e-6),
    antialias: true,
    classes,
    classToken,
    registers: readInteger(args, "num_reg_tokens", 0, 64, 0),
    positions: readPositions(args),
    preNorm: readBoolean(args, "use_pre_transformer_norm", false),
    pool,
    normsMean: readBoolean(args, "use_fc_norm", pool === "avg"),
    rope: readRope(args),
  };
}

function readPositions(args: Fields): EvaSpec["positions"] {
  if (!readBoolean(args, "use_abs_pos_emb", true)) return "none";
  return readBoolean(args, "no_embed_class", false) ? "patches" : "all";
}

function readRope(args: Fields): RopeSpec | undefined {
  if (!readBoolean(args, "use_rot_pos_emb", false)) return undefined;
  const reference = field(args, "ref_feat_shape");
  return {
    type: oneOf(field(args, "rope_type") ?? "cat", "rope_type", ROPES),
    temperature: readPositive(args, "rope_temperature", 10_000),
    pairs: readBoolean(args, "rope_rotate_half", false) ? "halves" : "neighbors",
    reference: reference === undefined ? undefined : asSize(reference, "ref_feat_shape", 1024),
  };
}

const before = ({ classToken, registers }: EvaSpec) => Number(classToken) + registers;

export function buildEva(net: Builder, spec: EvaSpec): Answers {
  const { eps, classes, pool, normsMean } = spec;
  const last = blocks(net, { ...spec, rotation: rotationOf(spec) }, embedded(net, spec));
  const normed = normsMean ? last : net.norm("norm", last, eps);
  const one = pool === "token" ? net.row(normed, 0) : net.pool("pool", normed, { first: before(spec) });
  return answers(net, normsMean ? net.norm("fc_norm", one, eps) : one, classes);
}

function rotationOf(spec: EvaSpec): Rotation | undefined {
  const { rope, width, heads } = spec;
  if (!rope) return undefined;
  const { pairs, reference, temperature } = rope;
  const headDim = width / heads;
  const options = { grid: tokenGrid(spec), headDim, before: before(spec), pairs };
  if (rope.type === "dinov3") return dinov3Rotary(options, temperature);
  const frequencies = Array.from({ length: headDim / 4 }, (_, i) => 1 / temperature ** (i / (headDim / 4)));
  const at = (place: number, count: number, axis: "width" | "height") =>
    reference ? (place / count) * reference[axis] : place;
  return rotary({ ...options, frequencies, at });
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
      attention_norm: "attn.norm",
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
