// DeiT: Touvron et al. 2021, "Training data-efficient image transformers". In transformers, every DeiT has a distillation token.

import { answers, distilledAnswers, type EncoderSpec, encoder } from "../block.ts";
import type { Family } from "../family.ts";
import { POOLER, type PoolerSpec, readPooler, withPooler, withPoolerNames } from "../pooler.ts";
import { TIMM } from "../timm-names.ts";
import { BASES, readSizes, VIT_NAMES } from "../transformers.ts";

interface DeitSpec extends EncoderSpec {
  /** 0: no head. */
  readonly classes: number;
  /** Logits are the mean of those of two classifier heads, one on each token. */
  readonly distilled: boolean;
  readonly pooler?: PoolerSpec;
}

const TWO_HEADS = { head: "cls_classifier", head_distillation: "distillation_classifier" };

export default {
  architectures: {
    DeiTForImageClassification: "classify",
    DeiTForImageClassificationWithTeacher: "distilled",
    DeiTModel: "embed",
    DeiTForMaskedImageModeling: "embed",
  },
  bases: BASES,
  processor: "DeiT",
  fixedSize: true,
  optional: POOLER,
  read: (config, { classes, head }) => ({
    ...readSizes(config),
    classes,
    distilled: head === "distilled" && classes > 0,
    pooler: readPooler(config, head),
  }),
  // A head of the other class is another model's.
  dialects: ({ distilled, pooler }) =>
    withPoolerNames(
      [TIMM, ...VIT_NAMES.map((names) => (distilled ? { ...names, ...TWO_HEADS } : names))],
      pooler,
    ),
  build(spec, net) {
    const rows = encoder(net, spec, ["class_token", "distillation_token"]);
    if (spec.distilled) return distilledAnswers(net, rows, spec.classes);
    return answers(net, withPooler(net, net.row(rows, 0), spec.pooler), spec.classes);
  },
} satisfies Family<DeitSpec>;
