import ibert from "../../shaders/attention_integer.wgsl?ibert&wgsl";
import ivit from "../../shaders/attention_integer.wgsl?ivit&wgsl";
import { defineKernel } from "../gpu/kernel.ts";
import { LOG2_E as IBERT_LOG2_E } from "../quant/ibert.ts";
import { LOG2_E as IVIT_LOG2_E } from "../quant/ivit.ts";
import { type AttentionProblem, attention, attentionGrid, attentionParams } from "./attention.ts";

const kernel = (name: string, wgsl: string, log2E: number) =>
  defineKernel({
    ...attention,
    name: `attention_${name}`,
    probe: undefined, // the expected output of the self-test is that of the exact softmax
    variants: {
      workgroup: { wgsl, inner: "f32", grid: (problem: AttentionProblem) => attentionGrid(problem, 4) },
    },
    params: (problem: AttentionProblem) => attentionParams(problem, log2E).slice(0, 5),
  });

/** The same as `attention` in integers alone, with the exponential of I-BERT or of I-ViT: equal bits everywhere. */
export const attentionInteger = {
  ibert: kernel("ibert", ibert, IBERT_LOG2_E),
  ivit: kernel("ivit", ivit, IVIT_LOG2_E),
};
