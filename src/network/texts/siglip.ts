// SigLIP's text tower (Zhai et al. 2023), and SigLIP 2's of one size of images: every place is seen, padding too; the last row, and a
// head with a bias.

import { readInteger } from "../../format/fields.ts";
import { blocks } from "../block.ts";
import { readTextSizes, type TextFamily, type TextSpec } from "../text-family.ts";
import { TEXT_TOWER } from "../text-names.ts";

interface SiglipTextSpec extends TextSpec {
  readonly projection: number;
}

const DEFAULTS = {
  vocab_size: 32000,
  hidden_size: 768,
  intermediate_size: 3072,
  num_attention_heads: 12,
  max_position_embeddings: 64,
  hidden_act: "gelu_pytorch_tanh",
};

export default {
  scoring: "sigmoid",
  fixedLength: true,
  read(_, tower) {
    const sizes = readTextSizes({ ...DEFAULTS, ...tower }, 1e-6);
    return { ...sizes, projection: readInteger(tower, "projection_size", 1, 8192, sizes.width) };
  },
  dialects: () => [{ ...TEXT_TOWER, head_projection: "text_model.head" }],
  build(spec, net, rows) {
    const { words, places, width, eps, projection } = spec;
    const x = blocks(net, spec, net.lookup("words", { words, places, rows, width }));
    const last = net.norm("norm", net.row(x, rows - 1), eps);
    return { embedding: net.linear("head_projection", last, { out: projection }) };
  },
  pooledRow: () => 0,
} satisfies TextFamily<SiglipTextSpec>;
