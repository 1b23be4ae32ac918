// CLIP's text tower (Radford et al. 2021): causal attention, the row of the end-of-text token, a projection.

import { readInteger } from "../../format/fields.ts";
import { blocks } from "../block.ts";
import { readTextSizes, type TextFamily, type TextSpec } from "../text-family.ts";
import { TEXT_TOWER } from "../text-names.ts";

interface ClipTextSpec extends TextSpec {
  readonly projection: number;
  readonly end: number;
}

const DEFAULTS = {
  vocab_size: 49408,
  hidden_size: 512,
  intermediate_size: 2048,
  num_attention_heads: 8,
  max_position_embeddings: 77,
  hidden_act: "quick_gelu",
};

export default {
  scoring: "softmax",
  fixedLength: false,
  read(config, tower) {
    return {
      ...readTextSizes({ ...DEFAULTS, ...tower }, 1e-5),
      projection: readInteger(config, "projection_dim", 1, 8192, 512),
      end: readInteger(tower, "eos_token_id", 0, 2 ** 24, 49407),
    };
  },
  dialects: () => [{ ...TEXT_TOWER, head_projection: "text_projection" }],
  build(spec, net, rows) {
    const { words, places, width, eps, projection } = spec;
    const first = net.lookup("words", { words, places, rows, width });
    const causal = () => ({ causal: true });
    const x = blocks(net, { ...spec, attention: causal }, first);
    const normed = net.norm("norm", x, eps);
    return { embedding: net.linear("head_projection", normed, { out: projection, bias: false }) };
  },
  // Configs from before transformers 4.31 have 2 here, which is not the end of text: then it is the largest id
  // (CLIPTextTransformer.forward).
  pooledRow({ end }, ids) {
    return end === 2 ? ids.indexOf(Math.max(...ids)) : Math.max(0, ids.indexOf(end));
  },
} satisfies TextFamily<ClipTextSpec>;
