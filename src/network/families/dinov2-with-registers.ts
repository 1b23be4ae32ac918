// DINOv2 with registers: a model_type of its own in transformers.

import { readInteger } from "../../format/fields.ts";
import type { Family } from "../family.ts";
import dinov2, { type Dinov2Spec } from "./dinov2.ts";

export default {
  ...dinov2,
  architectures: {
    Dinov2WithRegistersModel: "embed",
    Dinov2WithRegistersForImageClassification: "classify",
  },
  bases: ["dinov2_with_registers"],
  read: (config, reading) => ({
    ...dinov2.read(config, reading),
    antialias: true,
    registers: readInteger(config, "num_register_tokens", 0, 64, 4),
  }),
} satisfies Family<Dinov2Spec>;
