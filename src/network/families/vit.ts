// ViT: Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words", as transformers has it.

import { answers, type EncoderSpec, encoder } from "../block.ts";
import type { Family } from "../family.ts";
import { TIMM } from "../timm-names.ts";
import { BASES, readSizes, VIT_NAMES } from "../transformers.ts";

export interface VitSpec extends EncoderSpec {
  /** 0: no head. */
  readonly classes: number;
}

export default {
  architectures: { ViTForImageClassification: "classify", ViTModel: "embed" },
  bases: BASES,
  processor: "ViT",
  fixedSize: true,
  read: (config, { classes }) => ({ ...readSizes(config), classes }),
  dialects: () => [TIMM, ...VIT_NAMES],
  build(spec, net) {
    return answers(net, net.row(encoder(net, spec, ["class_token"]), 0), spec.classes);
  },
} satisfies Family<VitSpec>;
