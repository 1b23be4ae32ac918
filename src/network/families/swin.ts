// Swin Transformer, as transformers has it.

import { asSize, checkFixed, type Fields, field, readBoolean, readPositive } from "../../format/fields.ts";
import { MAX_IMAGE_SIDE } from "../../format/limits.ts";
import type { Family, Reading } from "../family.ts";
import { asPatchSize, readActivation } from "../sizes.ts";
import { MODULES, readStages, SAVED, type SwinSpec, swin, transformersNames } from "../swin.ts";

/** The config fields of both versions. */
export function readSwin(config: Fields, { classes }: Reading, second: boolean): SwinSpec {
  checkFixed(config, { num_channels: 3, use_absolute_embeddings: false });
  const trained = second ? (field(config, "pretrained_window_sizes") ?? 0) : 0;
  return {
    image: asSize(field(config, "image_size") ?? 224, "image_size", MAX_IMAGE_SIDE),
    patch: asPatchSize(field(config, "patch_size") ?? 4),
    stages: readStages(config, field(config, "window_size") ?? 7, trained),
    qkvBias: readBoolean(config, "qkv_bias", true),
    eps: readPositive(config, "layer_norm_eps", 1e-5),
    activation: readActivation(config),
    classes,
    second,
    windowing: second ? "swinv2" : "swin",
  };
}

export default {
  architectures: {
    SwinForImageClassification: "classify",
    SwinModel: "embed",
    SwinForMaskedImageModeling: "embed",
  },
  bases: ["swin"],
  processor: "ViT",
  fixedSize: true,
  read: (config, reading) => readSwin(config, reading, false),
  dialects: () => [transformersNames(SAVED), transformersNames(MODULES)],
  build: swin,
} satisfies Family<SwinSpec>;
