// DeiT: Touvron et al. 2021, "Training data-efficient image transformers". transformers gives each a distillation token.

import { answers, distilledAnswers, type EncoderSpec, encoder } from "../block.ts";
import type { Family } from "../family.ts";
import { TIMM } from "../timm-names.ts";
import { BASES, readSizes, VIT_NAMES } from "../transformers.ts";

interface DeitSpec extends EncoderSpec {
  /** 0: no head. */
  readonly classes: number;
  /** Logits are the mean of those of two classifier heads, one on each token. */
  readonly distilled: boolean;
}

const TWO_HEADS = { head: "cls_classifier", head_distillation: "distillation_classifier" };

export default {
  architectures: {
    DeiTForImageClassification: "classify",
    DeiTForImageClassificationWithTeacher: "distilled",
    DeiTModel: "embed",
  },
  bases: BASES,
  processor: "DeiT",
  fixedSize: true,
  read: (config, { classes, head }) => ({
    ...readSizes(config),
    classes,
    distilled: head === "distilled" && classes > 0,
  }),
  // A head of the other class is another model's.
  dialects: ({ distilled }) => [
    TIMM,
    ...VIT_NAMES.map((names) => (distilled ? { ...names, ...TWO_HEADS } : names)),
  ],
  build(spec, net) {
    const rows = encoder(net, spec, ["class_token", "distillation_token"]);
    if (spec.distilled) return distilledAnswers(net, rows, spec.classes);
    return answers(net, net.row(rows, 0), spec.classes);
  },
} satisfies Family<DeitSpec>;
