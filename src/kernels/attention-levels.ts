import wgsl from "../../shaders/attention_levels.wgsl?wgsl";
import { defineKernel } from "../gpu/kernel.ts";
import {
  type AttentionProblem,
  attentionBytes,
  attentionMacs,
  attentionParams,
  checkAttention,
} from "./attention.ts";
import { type Levels, packLevels } from "./quantize-levels.ts";

/** Attention whose softmax has a quantizer's levels; without one every value stays. */
export interface AttentionLevelsProblem extends AttentionProblem {
  readonly softmax?: Levels & { readonly scale: number; readonly second: number };
}

const ROWS = 8;

/** Bytes of `scores`. */
export function scoresByteLength({ images, heads, tokens, queries }: AttentionProblem): number {
  return 4 * images * heads * tokens * queries;
}

/** f32 Q, K and V in, which may be the values of quantized ones; f32 out. */
export const attentionLevels = defineKernel({
  name: "attention_levels",
  bindings: { qkv: "read", scores: "write", out: "write", params: "uniform" },
  variants: {
    rows: {
      wgsl,
      grid: ({ images, queries, heads }: AttentionLevelsProblem) => [
        Math.ceil(queries / ROWS),
        heads,
        images,
      ],
    },
  },
  params: (problem) => {
    const { scale = 1, second = 0 } = problem.softmax ?? {};
    const scales = new Uint32Array(Float32Array.of(scale, second, 0).buffer);
    return Uint32Array.of(...attentionParams(problem).slice(0, 5), ...scales, ...packLevels(problem.softmax));
  },
  check: checkAttention,
  macs: attentionMacs,
  bytes: (problem) => 4 * attentionBytes(problem) + 2 * scoresByteLength(problem),
});
