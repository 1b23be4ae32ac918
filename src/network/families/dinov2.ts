// DINOv2: Oquab et al. 2023, "DINOv2: Learning Robust Visual Features without Supervision", and its registers: Darcet et al. 2024,
// "Vision Transformers Need Registers".

import { readBoolean } from "../../format/fields.ts";
import { answers, blocks, type EncoderSpec, patches, registers } from "../block.ts";
import type { Family } from "../family.ts";
import { type Dialect, within } from "../names.ts";
import { readMlpWidth } from "../sizes.ts";
import { TIMM, TIMM_GATED } from "../timm-names.ts";
import { ATTENTION, BASES, EMBEDDINGS, readSizes, SAVED_ATTENTION } from "../transformers.ts";

export interface Dinov2Spec extends EncoderSpec {
  /** 0: no head. */
  readonly classes: number;
  readonly registers: number;
}

const named = (mlp: Dialect, attention: Dialect): Dialect => ({
  ...EMBEDDINGS,
  register_tokens: "embeddings.register_tokens",
  ...within("blocks.*", "encoder.layer.*", {
    norm1: "norm1",
    ...attention,
    scale1: "layer_scale1.lambda1",
    norm2: "norm2",
    ...mlp,
    scale2: "layer_scale2.lambda1",
  }),
});
const MLP = { fc1: "mlp.fc1", fc2: "mlp.fc2" };
/** The names that save_pretrained writes, and those of the modules of transformers 5. */
const SAVED_GATED = { "gate|up": "mlp.weights_in", fc2: "mlp.weights_out" };
const GATED = { gate: "mlp.gate_proj", up: "mlp.up_proj", fc2: "mlp.down_proj" };

/** Two thirds of `mlp_ratio` times the width, rounded up to a multiple of 8. */
const gatedWidth = (mlpWidth: number) => 8 * Math.floor((Math.floor((mlpWidth * 2) / 3) + 7) / 8);

export default {
  architectures: { Dinov2Model: "embed", Dinov2ForImageClassification: "classify" },
  bases: BASES,
  processor: "Bit",
  read(config, { classes }) {
    const sizes = readSizes(config, { patch: 14, eps: 1e-6 });
    const gated = readBoolean(config, "use_swiglu_ffn", false);
    const mlpWidth = readMlpWidth(config, sizes.width);
    const mlp = gated ? { mlpWidth: gatedWidth(mlpWidth), activation: "silu" as const } : { mlpWidth };
    return { ...sizes, ...mlp, gated, layerScale: true, classes, registers: 0 };
  },
  dialects({ gated }) {
    if (!gated) return [TIMM, named(MLP, SAVED_ATTENTION), named(MLP, ATTENTION)];
    return [...TIMM_GATED, named(SAVED_GATED, SAVED_ATTENTION), named(GATED, ATTENTION)];
  },
  build(spec, net) {
    const { eps, classes, antialias } = spec;
    const tokens = net.tokens(["class_token"], patches(net, spec));
    const embedded = net.table("positions", tokens, { as: "x", antialias });
    // Registers are after the class token and have no positions.
    const x = spec.registers ? net.tokens([registers(spec.registers)], embedded, { at: 1 }) : embedded;
    const rows = net.norm("norm", blocks(net, spec, x), eps);
    const embedding = net.row(rows, 0);
    if (classes === 0) return { embedding };
    const mean = net.pool("pool", rows, { first: 1 + spec.registers });
    return answers(net, embedding, classes, net.concat("pooled", embedding, mean));
  },
} satisfies Family<Dinov2Spec>;
