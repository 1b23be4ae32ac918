/** config.json as transformers writes it, for the ViT classes that vit8 runs. */
import {
  type Activation,
  checkedArchitecture,
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
  unsupported,
} from "./fields.ts";
import { madeUpLabels, readClasses, readIdToLabel } from "./labels.ts";
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
  quick_gelu: "quick_gelu",
};

/** Throws UnsupportedModelError naming what vit8 does not run, ModelFormatError for a field of the wrong type. */
export function parseTransformersConfig(config: Fields): VitArchitecture {
  const family = readFamily(config);
  const { heads, prefixTokens } = FAMILIES[family];
  const dinov2 = family.startsWith("Dinov2");
  checkFixed(config, FIXED);
  const image = asSize(field(config, "image_size"), "image_size", MAX_IMAGE_SIDE);
  const width = readInteger(config, "hidden_size", 1, 8192);
  const labels = heads ? readIdToLabel(config) : undefined;
  const classes = heads ? readClasses(config, "num_labels", labels) : 0;
  return checkedArchitecture({
    family,
    imageWidth: image.width,
    imageHeight: image.height,
    patchSize: readPatchSize(config),
    width,
    depth: readInteger(config, "num_hidden_layers", 1, 256),
    heads: readInteger(config, "num_attention_heads", 1, 256),
    mlpWidth: dinov2
      ? readMlpWidth(config, width)
      : readInteger(config, "intermediate_size", 1, MAX_MLP_WIDTH),
    classes,
    prefixTokens,
    headsCount: heads || 1,
    qkvBias: readBoolean(config, "qkv_bias", true),
    layerScale: dinov2,
    layerNormEps: readPositive(config, "layer_norm_eps", dinov2 ? 1e-6 : 1e-12),
    activation: oneOf(field(config, "hidden_act") ?? "gelu", "hidden_act", ACTIVATIONS),
    labels: labels ?? madeUpLabels(classes),
    quantization: parseQuantization(field(config, "quantization_config")),
  });
}

function readFamily(config: Fields): string {
  const named = field(config, "architectures");
  const family = Array.isArray(named) ? named[0] : readText(config, "model_type");
  oneOf(family, "architecture", FAMILIES);
  return family;
}

/** Fields that change the network, with the one value under which vit8 runs it. */
const FIXED: Fields = { num_channels: 3, use_swiglu_ffn: false, num_register_tokens: 0, use_qk_norm: false };

function readPatchSize(config: Fields): number {
  const { width, height } = asSize(field(config, "patch_size"), "patch_size", 256);
  if (width === height) return width;
  throw unsupported("patch_size", "a square", `${width}x${height}`);
}
