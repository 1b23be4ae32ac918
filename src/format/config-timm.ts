/** config.json as timm writes it: an architecture by name, its numbers in `model_args`, its pictures in `pretrained_cfg`. */
import {
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
  readBoolean,
  readInteger,
  unsupported,
} from "./fields.ts";
import { asLabel, madeUpLabels, readIdToLabel } from "./labels.ts";
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

/** Arguments with one value that vit8 runs; those of training (dropout and the like) do not matter. */
const FIXED_ARGS: Fields = {
  in_chans: 3,
  class_token: true,
  reg_tokens: 0,
  qk_norm: false,
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
];
const TRAINING_ARGS = /drop|^num_classes$|^weight_init$|^dynamic_img|^fix_init$|^strict_img_size$/;

/** Whether a config is timm's, also as transformers' TimmWrapper keeps it. */
export function isTimmConfig(config: Fields): boolean {
  return typeof field(config, "architecture") === "string";
}

/** The settings of the pretrained weights; older configs have them at the top. */
export function timmPretrained(config: Fields): Fields {
  return asFields(field(config, "pretrained_cfg") ?? config, "pretrained_cfg");
}

/** The picture's size of `input_size`, which is [3, height, width]. */
export function timmInputSize(pretrained: Fields) {
  const [channels, ...size] = asArray(field(pretrained, "input_size"), "input_size");
  asInteger(channels, "input_size channels", 3, 3);
  return asSize(size, "input_size", MAX_IMAGE_SIDE);
}

/** Throws UnsupportedModelError naming what vit8 does not run, ModelFormatError for a field of the wrong type. */
export function parseTimmConfig(config: Fields): VitArchitecture {
  const family = String(field(config, "architecture"));
  const [, size, distilled, patch, variant] = NAME.exec(family) ?? [];
  if (!size) {
    const supported = "vit_* or deit_* with patches, a class token and no more";
    throw unsupported("timm architecture", supported, family);
  }
  const args = asFields(field(config, "model_args") ?? {}, "model_args");
  refuseUnsupported(config, args);
  const image = timmInputSize(timmPretrained(config));
  const width = readInteger(args, "embed_dim", 1, 8192, SIZES[size][0]);
  checkFixed(config, { num_features: width });
  const classes = readTimmClasses(config);
  return checkedArchitecture({
    family,
    imageWidth: image.width,
    imageHeight: image.height,
    patchSize: readInteger(args, "patch_size", 1, 256, Number(patch)),
    width,
    depth: readInteger(args, "depth", 1, 256, SIZES[size][1]),
    heads: readInteger(args, "num_heads", 1, 256, SIZES[size][2]),
    mlpWidth: readMlpWidth(args, width),
    classes,
    prefixTokens: distilled ? 2 : 1,
    headsCount: distilled && classes ? 2 : 1,
    qkvBias: readBoolean(args, "qkv_bias", variant !== "_miil"),
    layerScale: Boolean(field(args, "init_values") ?? family.includes("dinov2")),
    layerNormEps: 1e-6,
    activation: "gelu",
    labels: readTimmLabels(config, classes) ?? madeUpLabels(classes),
    quantization: parseQuantization(field(config, "quantization_config")),
  });
}

function refuseUnsupported(config: Fields, args: Fields): void {
  checkFixed(config, { global_pool: "token" });
  checkFixed(args, FIXED_ARGS);
  for (const key of Object.keys(args)) {
    if (Object.hasOwn(FIXED_ARGS, key) || READ_ARGS.includes(key) || TRAINING_ARGS.test(key)) continue;
    throw unsupported("model_args", `none but ${READ_ARGS.join(", ")}`, key);
  }
}

function readTimmClasses(config: Fields): number {
  const classes = field(config, "num_classes") ?? field(timmPretrained(config), "num_classes");
  return classes === 0 ? 0 : asInteger(classes, "num_classes", 2, MAX_CLASSES);
}

/** `label_names`, each by its description where there is one; transformers' `id2label` as the second choice. */
function readTimmLabels(config: Fields, classes: number): string[] | undefined {
  const pretrained = timmPretrained(config);
  const names = field(config, "label_names") ?? field(pretrained, "label_names");
  if (!classes) return undefined;
  if (names === undefined) return ofClasses(readIdToLabel(config), classes);
  const given = field(config, "label_descriptions") ?? field(pretrained, "label_descriptions");
  const descriptions = asFields(given ?? {}, "label_descriptions");
  const labels = asArray(names, "label_names").map((name, index) => asLabel(name, `label_names ${index}`));
  return ofClasses(labels, classes)?.map((name) =>
    asLabel(field(descriptions, name) ?? name, "label_descriptions"),
  );
}

function ofClasses(labels: string[] | undefined, classes: number): string[] | undefined {
  if (!labels || labels.length === classes) return labels;
  throw malformed("label_names", `${classes} names`, labels);
}

function asArray(value: unknown, who: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw malformed(who, "an array", value);
}
