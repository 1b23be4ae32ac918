// MSN: Assran et al. 2022, "Masked Siamese Networks for Label-Efficient Learning": a ViT.

import type { Family } from "../family.ts";
import { readSizes } from "../transformers.ts";
import vit, { type VitSpec } from "./vit.ts";

export default {
  ...vit,
  architectures: { ViTMSNForImageClassification: "classify", ViTMSNModel: "embed" },
  read: (config, { classes }) => ({ ...readSizes(config, { eps: 1e-6 }), classes }),
} satisfies Family<VitSpec>;
