// BEiT: Bao et al. 2022, "BEiT: BERT Pre-Training of Image Transformers", with relative positions in each block or shared by all.

import { checkFixed, field, readBoolean, unsupported } from "../../format/fields.ts";
import { beitBias, resizedTable } from "../beit.ts";
import { answers, blocks, type EncoderSpec, patches, tokenGrid } from "../block.ts";
import type { Family } from "../family.ts";
import { type Dialect, within } from "../names.ts";
import { ATTENTION, EMBEDDINGS, readSizes, SAVED_ATTENTION } from "../transformers.ts";

export interface BeitSpec extends EncoderSpec {
  /** 0: no head. */
  readonly classes: number;
  /** Positions in the embedding. */
  readonly absolute: boolean;
  /** Positions in attention: a table in each block, one for all, or none. */
  readonly relative: "blocks" | "shared" | "none";
  /** The mean of the patches is normalized and read; else the class token. */
  readonly meanPool: boolean;
}

const TABLE = "relative_position_bias.relative_position_bias_table";
const BLOCK = {
  norm1: "layernorm_before",
  scale1: "lambda_1",
  norm2: "layernorm_after",
  scale2: "lambda_2",
};
const OUTSIDE: Dialect = { ...EMBEDDINGS, pool_norm: "pooler.layernorm" };

/** The names that save_pretrained writes, and those of the modules of transformers 5. */
const NAMES: readonly Dialect[] = [
  {
    ...OUTSIDE,
    bias_table: `encoder.${TABLE}`,
    ...within("blocks.*", "encoder.layer.*", {
      ...BLOCK,
      ...SAVED_ATTENTION,
      bias_table: `attention.attention.${TABLE}`,
      fc1: "intermediate.dense",
      fc2: "output.dense",
    }),
  },
  {
    ...OUTSIDE,
    bias_table: "shared_position_bias.relative_position_bias_table",
    ...within("blocks.*", "layers.*", {
      ...BLOCK,
      ...ATTENTION,
      bias_table: TABLE,
      fc1: "mlp.fc1",
      fc2: "mlp.fc2",
    }),
  },
];

export default {
  architectures: { BeitForImageClassification: "classify", BeitModel: "embed" },
  bases: ["beit"],
  processor: {
    name: "Beit",
    square: true,
    edge: 224,
    resample: 3,
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
  },
  fixedSize: true,
  read(config, { classes }) {
    checkFixed(config, { add_fpn: false });
    const own = readBoolean(config, "use_relative_position_bias", false);
    const shared = readBoolean(config, "use_shared_relative_position_bias", false);
    if (own && shared)
      throw unsupported("use_shared_relative_position_bias", "false with a bias of each block", true);
    return {
      ...readSizes(config),
      qkvBias: true,
      keyBias: false,
      layerScale: Number(field(config, "layer_scale_init_value") ?? 0.1) > 0,
      classes,
      absolute: readBoolean(config, "use_absolute_position_embeddings", false),
      relative: own ? "blocks" : shared ? "shared" : "none",
      meanPool: readBoolean(config, "use_mean_pooling", true),
    };
  },
  dialects: () => NAMES,
  build(spec, net) {
    const { heads, eps, absolute, relative, meanPool, classes } = spec;
    const tokens = net.tokens(["class_token"], patches(net, spec));
    const embedded = absolute ? net.table("positions", tokens, { as: "x" }) : tokens;
    const tableOf = (at: string) => (relative === "shared" ? "bias_table" : `${at}.bias_table`);
    const attention = (at: string) =>
      relative === "none"
        ? {}
        : { bias: beitBias(net, at, tableOf(at), heads, tokenGrid(spec), resizedTable) };
    const x = blocks(net, { ...spec, attention }, embedded);
    const embedding = meanPool
      ? net.norm("pool_norm", net.pool("pool", x, { first: 1 }), eps)
      : net.row(net.norm("norm", x, eps), 0);
    return answers(net, embedding, classes);
  },
} satisfies Family<BeitSpec>;
