// data2vec's image tower: Baevski et al. 2022, "data2vec: A General Framework for Self-supervised Learning": a BEiT.

import type { Family } from "../family.ts";
import beit, { type BeitSpec } from "./beit.ts";

export default {
  ...beit,
  architectures: { Data2VecVisionForImageClassification: "classify", Data2VecVisionModel: "embed" },
  bases: ["data2vec_vision"],
} satisfies Family<BeitSpec>;
