// ViT: Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words", as transformers has it.

import { answers, type EncoderSpec, encoder } from "../block.ts";
import type { Family } from "../family.ts";
import { POOLER, type PoolerSpec, readPooler, withPooler, withPoolerNames } from "../pooler.ts";
import { TIMM } from "../timm-names.ts";
import { BASES, readSizes, VIT_NAMES } from "../transformers.ts";

export interface VitSpec extends EncoderSpec {
  /** 0: no head. */
  readonly classes: number;
  readonly pooler?: PoolerSpec;
}

export default {
  architectures: {
    ViTForImageClassification: "classify",
    ViTModel: "embed",
    ViTForMaskedImageModeling: "embed",
  },
  bases: BASES,
  processor: "ViT",
  fixedSize: true,
  optional: POOLER,
  read: (config, { classes, head }) => ({
    ...readSizes(config),
    classes,
    pooler: readPooler(config, head),
  }),
  dialects: ({ pooler }) => withPoolerNames([TIMM, ...VIT_NAMES], pooler),
  build(spec, net) {
    const row = net.row(encoder(net, spec, ["class_token"]), 0);
    return answers(net, withPooler(net, row, spec.pooler), spec.classes);
  },
} satisfies Family<VitSpec>;
