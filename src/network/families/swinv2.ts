// Swin Transformer V2, as transformers has it.

import type { Family } from "../family.ts";
import { SAVED, type SwinSpec, swin, transformersNames } from "../swin.ts";
import swinV1, { readSwin } from "./swin.ts";

export default {
  ...swinV1,
  architectures: {
    Swinv2ForImageClassification: "classify",
    Swinv2Model: "embed",
    Swinv2ForMaskedImageModeling: "embed",
  },
  bases: ["swinv2"],
  read: (config, reading) => readSwin(config, reading, true),
  dialects: () => [transformersNames(SAVED)],
  build: swin,
} satisfies Family<SwinSpec>;
