// I-JEPA: Assran et al. 2023, "Self-Supervised Learning from Images with a Joint-Embedding Predictive Architecture". No class
// token: the embedding is the mean of the patches.

import { answers, encoder } from "../block.ts";
import type { Family } from "../family.ts";
import vit, { type VitSpec } from "./vit.ts";

export default {
  ...vit,
  architectures: { IJepaForImageClassification: "classify", IJepaModel: "embed" },
  bases: ["ijepa"],
  build(spec, net) {
    return answers(net, net.pool("pool", encoder(net, spec, [])), spec.classes);
  },
} satisfies Family<VitSpec>;
