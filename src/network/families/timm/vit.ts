// timm's `vision_transformer`: one class with many flags, which a name implies and `model_args` overrides.

import {
  checkFixed,
  type Fields,
  field,
  oneOf,
  readBoolean,
  readInteger,
  readPositive,
  readText,
  unsupported,
} from "../../../format/fields.ts";
import { timmArguments, timmPictureSize } from "../../../format/timm.ts";
import { attentionPool } from "../../attention-pool.ts";
import { answers, blocks, distilledAnswers, type EncoderSpec } from "../../block.ts";
import type { Builder } from "../../builder.ts";
import type { Family } from "../../family.ts";
import type { Value } from "../../op.ts";
import { asPatchSize, readMlpWidth, readTimmActivation } from "../../sizes.ts";
import { checkArguments, embedded, type TimmEmbedding } from "../../timm-embedding.ts";
import { TIMM, TIMM_GATED } from "../../timm-names.ts";
import { timmVitArguments } from "../../timm-sizes.ts";

export interface TimmVitSpec extends EncoderSpec, TimmEmbedding {
  /** 0: no head. */
  readonly classes: number;
  /** The position of the last norm: on all rows, or after pooling. */
  readonly lastNorm?: "norm" | "fc_norm" | "none";
  /** `map`: attention pooling. `none`: all rows are the output, and the embedding is the class token, or the mean without one. */
  readonly pool?: "token" | "avg" | "map" | "none";
  /** The mean is of learned tokens, too. */
  readonly poolsTokens?: boolean;
}

const POOLS = { token: "token", avg: "avg", map: "map", none: "none", "": "none" } as const;
const GATED = { mlp: false, swiglupacked: true, swiglu: true } as const;

/** Arguments with one value that vit8 runs. */
const FIXED_ARGS: Fields = {
  in_chans: 3,
  norm_layer: "layernorm",
  attn_layer: "attention",
};
const READ_ARGS = [
  ...["img_size", "patch_size", "embed_dim", "depth", "num_heads", "mlp_ratio", "mlp_layer", "act_layer"],
  ...[
    "qkv_bias",
    "qk_norm",
    "init_values",
    "class_token",
    "reg_tokens",
    "pos_embed",
    "no_embed_class",
    "pre_norm",
  ],
  ...["final_norm", "fc_norm", "global_pool", "pool_include_prefix"],
  ...["proj_bias", "scale_attn_norm", "scale_mlp_norm"],
];
/** Arguments of training and of construction, which do not change the output. */
const IDLE_ARGS =
  /drop|^num_classes$|^weight_init$|^dynamic_img|^fix_init$|^strict_img_size$|^(?:device|dtype|pretrained|scriptable|exportable|no_jit|cache_dir)$/;

/** With `avg`, the last norm is after the mean by default. */
function readPooling(args: Fields, config: Fields, classes: number) {
  const stored = field(args, "global_pool") ?? "token";
  const pool = oneOf(stored, "global_pool", POOLS);
  checkFixed(config, { global_pool: stored });
  const classToken = readBoolean(args, "class_token", true);
  if (pool === "token" && !classToken) throw unsupported("class_token", "true with global_pool token", false);
  if (pool === "none" && classes) throw unsupported("num_classes", "0 with global_pool none", classes);
  const behind = readBoolean(args, "fc_norm", pool === "avg");
  const lastNorm = !readBoolean(args, "final_norm", true) ? "none" : behind ? "fc_norm" : "norm";
  const poolsTokens = readBoolean(args, "pool_include_prefix", false);
  return { pool, classToken, lastNorm, poolsTokens } as const;
}

function readPositions(args: Fields): TimmVitSpec["positions"] {
  if (["none", ""].includes(readText(args, "pos_embed") ?? "learn")) return "none";
  checkFixed(args, { pos_embed: "learn" });
  return readBoolean(args, "no_embed_class", false) ? "patches" : "all";
}

function pooled(net: Builder, spec: TimmVitSpec, rows: Value): Value {
  const { pool = "token", classToken = true, registers = 0, poolsTokens = false } = spec;
  if (pool === "token" || (pool === "none" && classToken)) return net.row(rows, 0);
  const first = poolsTokens ? 0 : Number(classToken) + registers;
  if (pool !== "map") return net.pool("pool", rows, { first });
  // Its MLP is a plain one, also where those of the blocks have a gate.
  return attentionPool(
    net,
    { ...spec, gated: false, mlpBias: true, mlpNorm: false },
    first ? net.rows("pool.rows", rows, { first }) : rows,
  );
}

export default {
  read(config, { name, classes }) {
    const defaults = timmVitArguments(name);
    if (!defaults)
      throw unsupported("timm architecture", "a plain vit_*, deit_*, deit3_* or flexivit_*", name);
    const args = { ...defaults, ...timmArguments(config) };
    const { distilled, layer_norm_eps, ...known } = args;
    checkArguments(known, FIXED_ARGS, READ_ARGS, IDLE_ARGS);
    const width = readInteger(args, "embed_dim", 1, 8192);
    checkFixed(config, { num_features: width });
    const gated = oneOf(field(args, "mlp_layer") ?? "mlp", "mlp_layer", GATED);
    const mlpWidth = readMlpWidth(args, width);
    const projBias = readBoolean(args, "proj_bias", true);
    return {
      image: timmPictureSize(config),
      patch: asPatchSize(field(args, "patch_size")),
      width,
      depth: readInteger(args, "depth", 1, 256),
      heads: readInteger(args, "num_heads", 1, 256),
      // SwiGLUPacked counts both of its layers.
      mlpWidth: args.mlp_layer === "swiglupacked" ? Math.floor(mlpWidth / 2) : mlpWidth,
      gated,
      qkvBias: readBoolean(args, "qkv_bias", true),
      qkNorm: readBoolean(args, "qk_norm", false),
      attentionNorm: readBoolean(args, "scale_attn_norm", false),
      mlpNorm: readBoolean(args, "scale_mlp_norm", false),
      projBias,
      mlpBias: projBias,
      layerScale: Boolean(field(args, "init_values")),
      eps: readPositive(args, "layer_norm_eps", 1e-6),
      activation: readTimmActivation(args),
      antialias: true,
      classes,
      distilled: Boolean(distilled),
      registers: readInteger(args, "reg_tokens", 0, 64, 0),
      positions: readPositions(args),
      preNorm: readBoolean(args, "pre_norm", false),
      ...readPooling(args, config, classes),
    };
  },
  dialects: ({ gated }) => (gated ? TIMM_GATED : [TIMM]),
  build(spec, net) {
    const { eps, classes, lastNorm = "norm" } = spec;
    const x = blocks(net, spec, embedded(net, spec));
    const rows = lastNorm === "norm" ? net.norm("norm", x, eps) : x;
    if (spec.distilled) return distilledAnswers(net, rows, classes);
    const one = pooled(net, spec, rows);
    return answers(net, lastNorm === "fc_norm" ? net.norm("fc_norm", one, eps) : one, classes);
  },
} satisfies Family<TimmVitSpec>;
