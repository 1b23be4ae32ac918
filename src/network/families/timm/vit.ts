// timm's `vision_transformer`: one class with many flags, which a name stands for and `model_args` change.

import {
  checkFixed,
  type Fields,
  field,
  readBoolean,
  readInteger,
  unsupported,
} from "../../../format/fields.ts";
import { timmArguments, timmPictureSize } from "../../../format/timm.ts";
import { answers, distilledAnswers, type EncoderSpec, encoder } from "../../block.ts";
import type { Family } from "../../family.ts";
import { asPatchSize, readMlpWidth, readTimmActivation } from "../../sizes.ts";
import { TIMM } from "../../timm-names.ts";

export interface TimmVitSpec extends EncoderSpec {
  /** 0: no head. */
  readonly classes: number;
  /** With a distillation token; logits are the mean of two classifier heads. */
  readonly distilled: boolean;
}

/** Width, depth and heads of the sizes in names. */
const SIZES: Readonly<Record<string, readonly [width: number, depth: number, heads: number]>> = {
  tiny: [192, 12, 3],
  small: [384, 12, 6],
  base: [768, 12, 12],
  large: [1024, 24, 16],
  huge: [1280, 32, 16],
};

/** vit_tiny_patch16_224, vit_small_patch14_dinov2, deit_base_distilled_patch16_384, ..., and a tag after a dot. */
const NAME =
  /^(?:vit|deit)_(tiny|small|base|large|huge)(_distilled)?_patch(\d{1,3})_(?:\d{2,4}|dinov2)(_in21k|_miil|_dino)?(?:\.\w{1,80})?$/;

/** Arguments with one value that vit8 runs. */
const FIXED_ARGS: Fields = {
  in_chans: 3,
  class_token: true,
  pos_embed: "learn",
  proj_bias: true,
  final_norm: true,
  fc_norm: false,
  reg_tokens: 0,
  qk_norm: false,
  scale_attn_norm: false,
  scale_mlp_norm: false,
  pre_norm: false,
  no_embed_class: false,
  global_pool: "token",
};
const READ_ARGS = [
  "img_size",
  "patch_size",
  "embed_dim",
  "depth",
  "num_heads",
  "mlp_ratio",
  "qkv_bias",
  "init_values",
  "act_layer",
];
/** Arguments of training, of how the model is made, and of pooling that is not done: they change no answer. */
const IDLE_ARGS =
  /drop|^num_classes$|^weight_init$|^dynamic_img|^fix_init$|^strict_img_size$|^pool_include_prefix$|^(?:device|dtype|pretrained|scriptable|exportable|no_jit|cache_dir)$/;

function refuseUnsupported(config: Fields, args: Fields): void {
  checkFixed(config, { global_pool: "token" });
  checkFixed(args, FIXED_ARGS);
  for (const key of Object.keys(args)) {
    if (Object.hasOwn(FIXED_ARGS, key) || READ_ARGS.includes(key) || IDLE_ARGS.test(key)) continue;
    if (field(args, key) === undefined) continue;
    throw unsupported("model_args", `none but ${READ_ARGS.join(", ")}`, key);
  }
}

export default {
  read(config, { name, classes }) {
    const [, size, distilled, patch, variant] = NAME.exec(name) ?? [];
    if (!size)
      throw unsupported("timm architecture", "vit_* or deit_* with patches, a class token and no more", name);
    const args = timmArguments(config);
    refuseUnsupported(config, args);
    const width = readInteger(args, "embed_dim", 1, 8192, SIZES[size][0]);
    checkFixed(config, { num_features: width });
    return {
      image: timmPictureSize(config),
      patch: asPatchSize(field(args, "patch_size") ?? Number(patch)),
      width,
      depth: readInteger(args, "depth", 1, 256, SIZES[size][1]),
      heads: readInteger(args, "num_heads", 1, 256, SIZES[size][2]),
      mlpWidth: readMlpWidth(args, width),
      qkvBias: readBoolean(args, "qkv_bias", variant !== "_miil"),
      layerScale: Boolean(field(args, "init_values") ?? name.includes("dinov2")),
      eps: 1e-6,
      activation: readTimmActivation(args),
      antialias: true,
      classes,
      distilled: Boolean(distilled),
    };
  },
  dialects: () => [TIMM],
  build(spec, net) {
    const tokens = spec.distilled ? ["class_token", "distillation_token"] : ["class_token"];
    const rows = encoder(net, spec, tokens);
    if (spec.distilled) return distilledAnswers(net, rows, spec.classes);
    return answers(net, net.row(rows, 0), spec.classes);
  },
} satisfies Family<TimmVitSpec>;
