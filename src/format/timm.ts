/** config.json as timm writes it: an architecture by name, its numbers in `model_args`, its images in `pretrained_cfg`. */
import { asFields, asInteger, asSize, type Fields, field, malformed, type Size } from "./fields.ts";
import { asLabel, labelsOf, readNames } from "./labels.ts";
import { MAX_CLASSES, MAX_IMAGE_SIDE } from "./limits.ts";

/** Whether a config is timm's, also as transformers' TimmWrapper keeps it. */
export function isTimmConfig(config: unknown): boolean {
  return typeof field(Object(config), "architecture") === "string";
}

/** The settings of the pretrained weights; older configs have them at the top. */
export function timmPretrained(config: Fields): Fields {
  return asFields(field(config, "pretrained_cfg") ?? config, "pretrained_cfg");
}

/** The arguments of the model's class, in addition to those that its name implies; timm leaves out null. */
export function timmArguments(config: Fields): Fields {
  const args = asFields(field(config, "model_args") ?? {}, "model_args");
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null));
}

/**
 * The size of images: `input_size`, [3, height, width], 224 by default. timm accepts no other size than the one that `model_args` sets, so
 * it takes precedence.
 */
export function timmPictureSize(config: Fields): Size {
  const args = timmArguments(config);
  const given = field(timmPretrained(config), "input_size");
  const built = field(args, "img_size");
  if (given !== undefined && built !== undefined && field(args, "dynamic_img_size") !== true)
    return asSize(built, "img_size", MAX_IMAGE_SIDE);
  const [channels, ...size] = asArray(given ?? [3, 224, 224], "input_size");
  asInteger(channels, "input_size channels", 3, 3);
  return asSize(size, "input_size", MAX_IMAGE_SIDE);
}

/**
 * A label for each class: `label_names`, with their descriptions if there are any, otherwise transformers' `id2label`. They are in the
 * config or in `pretrained_cfg`; older ones call them `labels`. An object of names may leave classes out.
 */
export function timmLabels(config: Fields): string[] {
  const pretrained = timmPretrained(config);
  const either = (key: string) => field(config, key) ?? field(pretrained, key);
  const given = either("label_names") ?? either("labels") ?? field(config, "id2label");
  const names = readNames(given ?? [], "label_names");
  const counted = field(timmArguments(config), "num_classes") ?? either("num_classes");
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
