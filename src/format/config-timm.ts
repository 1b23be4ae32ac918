/** config.json as timm writes it: an architecture by name, its numbers in `model_args`, its pictures in `pretrained_cfg`. */
import {
  type Activation,
  asPatchSize,
  checkedArchitecture,
  MAX_CLASSES,
  MAX_IMAGE_SIDE,
  readMlpWidth,
  type VitArchitecture,
} from "./architecture.ts";
import {
  asFields,
  asInteger,
  asSize,
  checkFixed,
  type Fields,
  field,
  malformed,
  oneOf,
  readBoolean,
  readInteger,
  unsupported,
} from "./fields.ts";
import { asLabel, labelsOf, readNames, readScoring } from "./labels.ts";
import { parseQuantization } from "./quantization-config.ts";

/** Width, depth and heads of timm's size names. */
const SIZES: Record<string, [width: number, depth: number, heads: number]> = {
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

const ACTIVATIONS: Record<string, Activation> = {
  gelu: "gelu",
  gelu_tanh: "gelu_tanh",
  quick_gelu: "quick_gelu",
};

/** Whether a config is timm's, also as transformers' TimmWrapper keeps it. */
export function isTimmConfig(config: unknown): boolean {
  return typeof field(Object(config), "architecture") === "string";
}

/** The settings of the pretrained weights; older configs have them at the top. */
export function timmPretrained(config: Fields): Fields {
  return asFields(field(config, "pretrained_cfg") ?? config, "pretrained_cfg");
}

/**
 * The size of pictures: `input_size`, [3, height, width], 224 where there is none. A model that `model_args` builds for
 * another size takes no other in timm, so that size it is.
 */
export function timmPictureSize(config: Fields) {
  const args = modelArgs(config);
  const given = field(timmPretrained(config), "input_size");
  const built = field(args, "img_size");
  if (given !== undefined && built !== undefined && field(args, "dynamic_img_size") !== true)
    return asSize(built, "img_size", MAX_IMAGE_SIDE);
  const [channels, ...size] = asArray(given ?? [3, 224, 224], "input_size");
  asInteger(channels, "input_size channels", 3, 3);
  return asSize(size, "input_size", MAX_IMAGE_SIDE);
}

function modelArgs(config: Fields): Fields {
  return asFields(field(config, "model_args") ?? {}, "model_args");
}

/** Throws UnsupportedModelError naming what vit8 does not run, ModelFormatError for a field of the wrong type. */
export function parseTimmConfig(config: Fields): VitArchitecture {
  const family = String(field(config, "architecture"));
  const [, size, distilled, patch, variant] = NAME.exec(family) ?? [];
  if (!size) {
    const supported = "vit_* or deit_* with patches, a class token and no more";
    throw unsupported("timm architecture", supported, family);
  }
  const args = modelArgs(config);
  refuseUnsupported(config, args);
  const image = timmPictureSize(config);
  const width = readInteger(args, "embed_dim", 1, 8192, SIZES[size][0]);
  checkFixed(config, { num_features: width });
  const labels = readTimmLabels(config);
  const classes = labels.length;
  return checkedArchitecture({
    family,
    imageWidth: image.width,
    imageHeight: image.height,
    patchSize: asPatchSize(field(args, "patch_size") ?? Number(patch)),
    width,
    depth: readInteger(args, "depth", 1, 256, SIZES[size][1]),
    heads: readInteger(args, "num_heads", 1, 256, SIZES[size][2]),
    mlpWidth: readMlpWidth(args, width),
    classes,
    prefixTokens: distilled ? 2 : 1,
    headsCount: distilled && classes ? 2 : 1,
    antialiasPositions: true,
    qkvBias: readBoolean(args, "qkv_bias", variant !== "_miil"),
    layerScale: Boolean(field(args, "init_values") ?? family.includes("dinov2")),
    layerNormEps: 1e-6,
    activation: oneOf(field(args, "act_layer") ?? "gelu", "act_layer", ACTIVATIONS),
    labels,
    scoring: readScoring(config, classes),
    quantization: parseQuantization(field(config, "quantization_config")),
  });
}

function refuseUnsupported(config: Fields, args: Fields): void {
  checkFixed(config, { global_pool: "token" });
  checkFixed(args, FIXED_ARGS);
  for (const key of Object.keys(args)) {
    if (Object.hasOwn(FIXED_ARGS, key) || READ_ARGS.includes(key) || IDLE_ARGS.test(key)) continue;
    if (field(args, key) === undefined) continue;
    throw unsupported("model_args", `none but ${READ_ARGS.join(", ")}`, key);
  }
}

/**
 * A label for each class: `label_names`, each by its description where there is one, else transformers' `id2label`. They are in
 * the config or in `pretrained_cfg`; older ones call them `labels`. An object of names may leave classes out.
 */
function readTimmLabels(config: Fields): string[] {
  const pretrained = timmPretrained(config);
  const either = (key: string) => field(config, key) ?? field(pretrained, key);
  const given = either("label_names") ?? either("labels") ?? field(config, "id2label");
  const names = readNames(given ?? [], "label_names");
  const counted = field(modelArgs(config), "num_classes") ?? either("num_classes");
  const classes = asInteger(counted ?? (names.length || 1000), "num_classes", 0, MAX_CLASSES);
  const fits = Array.isArray(given) ? names.length === classes : names.length <= classes;
  if (classes && given !== undefined && !fits) throw malformed("label_names", `${classes} names`, given);
  const descriptions = asFields(either("label_descriptions") ?? {}, "label_descriptions");
  const described = (name: string) => asLabel(field(descriptions, name) ?? name, "label_descriptions");
  return labelsOf(names, classes).map(described);
}

function asArray(value: unknown, who: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw malformed(who, "an array", value);
}
