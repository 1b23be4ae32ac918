/** config.json as transformers writes it, for the ViT classes that vit8 runs. */
import {
  type Activation,
  asPatchSize,
  checkedArchitecture,
  MAX_CLASSES,
  MAX_IMAGE_SIDE,
  MAX_MLP_WIDTH,
  readMlpWidth,
  type VitArchitecture,
} from "./architecture.ts";
import {
  asSize,
  checkFixed,
  type Fields,
  field,
  oneOf,
  readBoolean,
  readInteger,
  readPositive,
  readText,
} from "./fields.ts";
import { labelsOf, readNames, readScoring } from "./labels.ts";
import { parseQuantization } from "./quantization-config.ts";

/**
 * Heads and prefix tokens of each class; transformers gives every DeiT a distillation token. Dinov2ForImageClassification
 * is not among them: its head reads the mean of the patches as well.
 */
const FAMILIES: Record<string, { heads: 0 | 1 | 2; prefixTokens: 1 | 2 }> = {
  ViTForImageClassification: { heads: 1, prefixTokens: 1 },
  ViTModel: { heads: 0, prefixTokens: 1 },
  DeiTForImageClassification: { heads: 1, prefixTokens: 2 },
  DeiTForImageClassificationWithTeacher: { heads: 2, prefixTokens: 2 },
  DeiTModel: { heads: 0, prefixTokens: 2 },
  Dinov2Model: { heads: 0, prefixTokens: 1 },
};

const ACTIVATIONS: Record<string, Activation> = {
  gelu: "gelu",
  gelu_new: "gelu_tanh",
  gelu_fast: "gelu_tanh",
  gelu_tanh: "gelu_tanh",
  gelu_pytorch_tanh: "gelu_tanh",
  gelu_python: "gelu",
  gelu_python_tanh: "gelu_tanh",
  gelu_accurate: "gelu_tanh",
  quick_gelu: "quick_gelu",
};

/** Throws UnsupportedModelError naming what vit8 does not run, ModelFormatError for a field of the wrong type. */
export function parseTransformersConfig(config: Fields): VitArchitecture {
  const family = readFamily(config);
  const { heads, prefixTokens } = FAMILIES[family];
  const dinov2 = family.startsWith("Dinov2");
  checkFixed(config, dinov2 ? { num_channels: 3, use_swiglu_ffn: false } : { num_channels: 3 });
  const image = asSize(field(config, "image_size") ?? 224, "image_size", MAX_IMAGE_SIDE);
  const width = readInteger(config, "hidden_size", 1, 8192, 768);
  const labels = heads ? readLabels(config) : [];
  const classes = labels.length;
  return checkedArchitecture({
    family,
    imageWidth: image.width,
    imageHeight: image.height,
    patchSize: asPatchSize(field(config, "patch_size") ?? (dinov2 ? 14 : 16)),
    width,
    depth: readInteger(config, "num_hidden_layers", 1, 256, 12),
    heads: readInteger(config, "num_attention_heads", 1, 256, 12),
    mlpWidth: dinov2
      ? readMlpWidth(config, width)
      : readInteger(config, "intermediate_size", 1, MAX_MLP_WIDTH, 3072),
    classes,
    prefixTokens,
    headsCount: classes && heads === 2 ? 2 : 1,
    qkvBias: readBoolean(config, "qkv_bias", true),
    layerScale: dinov2,
    layerNormEps: readPositive(config, "layer_norm_eps", dinov2 ? 1e-6 : 1e-12),
    activation: oneOf(field(config, "hidden_act") ?? "gelu", "hidden_act", ACTIVATIONS),
    labels,
    scoring: readScoring(config, classes),
    quantization: parseQuantization(field(config, "quantization_config")),
  });
}

/** What transformers makes of a `model_type` where `architectures` names no class. */
const FAMILY_OF_TYPE = new Map([
  ["vit", "ViTForImageClassification"],
  ["deit", "DeiTForImageClassification"],
  ["dinov2", "Dinov2Model"],
]);

/** The first of `architectures` that vit8 runs. */
function readFamily(config: Fields): string {
  const type = readText(config, "model_type");
  const named = [field(config, "architectures") ?? []].flat();
  const family = named.find((name) => typeof name === "string" && Object.hasOwn(FAMILIES, name));
  const chosen = family ?? named[0] ?? FAMILY_OF_TYPE.get(type ?? "") ?? type;
  oneOf(chosen, "architecture", FAMILIES);
  return chosen as string;
}

/**
 * A label for each class. `num_labels` that differs from the number of names takes the names' place, and two classes
 * are what is written as neither, as in transformers; a class that `id2label` leaves out has a made-up name.
 */
function readLabels(config: Fields): string[] {
  const given = field(config, "id2label");
  const names = given === undefined ? undefined : readNames(given, "id2label");
  const count = names && Object.keys(names).length;
  const classes = readInteger(config, "num_labels", 0, MAX_CLASSES, count ?? 2);
  if (!names || count !== classes) return labelsOf([], classes);
  // A gap is a class without a name. Names that begin at 1 are as many as the classes, as transformers counts them.
  return labelsOf(names, 0 in names ? names.length : classes);
}
