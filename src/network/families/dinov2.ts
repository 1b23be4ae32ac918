// DINOv2: Oquab et al. 2023, "DINOv2: Learning Robust Visual Features without Supervision", without a head.

import { checkFixed } from "../../format/fields.ts";
import { answers, type EncoderSpec, encoder } from "../block.ts";
import type { Family } from "../family.ts";
import { within } from "../names.ts";
import { readMlpWidth } from "../sizes.ts";
import { TIMM } from "../timm-names.ts";
import { ATTENTION, BASES, EMBEDDINGS, readSizes, SAVED_ATTENTION } from "../transformers.ts";

const BLOCK = {
  norm1: "norm1",
  scale1: "layer_scale1.lambda1",
  norm2: "norm2",
  fc1: "mlp.fc1",
  fc2: "mlp.fc2",
  scale2: "layer_scale2.lambda1",
};
const named = (attention: typeof ATTENTION) => ({
  ...EMBEDDINGS,
  ...within("blocks.*", "encoder.layer.*", { ...BLOCK, ...attention }),
});

export default {
  // The head of Dinov2ForImageClassification reads the mean of the patches as well.
  architectures: { Dinov2Model: "embed" },
  bases: BASES,
  processor: "Bit",
  read(config) {
    checkFixed(config, { use_swiglu_ffn: false });
    const sizes = readSizes(config, { patch: 14, eps: 1e-6 });
    return { ...sizes, mlpWidth: readMlpWidth(config, sizes.width), layerScale: true };
  },
  dialects: () => [TIMM, named(SAVED_ATTENTION), named(ATTENTION)],
  build(spec, net) {
    return answers(net, net.row(encoder(net, spec, ["class_token"]), 0), 0);
  },
} satisfies Family<EncoderSpec>;
