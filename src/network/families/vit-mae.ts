// The encoder of a masked autoencoder: He et al. 2022, "Masked Autoencoders Are Scalable Vision Learners", with no patch masked.

import { answers, type EncoderSpec, encoder } from "../block.ts";
import type { Family } from "../family.ts";
import { TIMM } from "../timm-names.ts";
import { readSizes, VIT_NAMES } from "../transformers.ts";

export default {
  architectures: { ViTMAEModel: "embed", ViTMAEForPreTraining: "embed" },
  bases: ["vit"],
  processor: "ViT",
  fixedSize: true,
  read: (config) => readSizes(config),
  dialects: () => [TIMM, ...VIT_NAMES],
  build(spec, net) {
    return answers(net, net.row(encoder(net, spec, ["class_token"]), 0), 0);
  },
} satisfies Family<EncoderSpec>;
