import dot4Wgsl from "../../shaders/attention.wgsl?dot4&wgsl";
import floatWgsl from "../../shaders/attention.wgsl?float&wgsl";
import f32Wgsl from "../../shaders/attention.wgsl?wgsl";
import { defineKernel, type Grid, type Variant } from "../gpu/kernel.ts";
import { GROUP } from "./gemm.ts";

/** Multi-head attention over the rows of `images` pictures of `tokens` rows each. */
export interface AttentionProblem {
  readonly images: number;
  readonly tokens: number;
  /** How many of each picture's first rows are queries: all, or in the last block the class tokens only. */
  readonly queries: number;
  readonly heads: number;
  readonly headDim: number;
}

/** Groups of 64 channels that one head takes in memory. */
export function groupsPerHead(headDim: number): number {
  return Math.ceil(headDim / GROUP);
}

/** Threads of a workgroup, a vector of most processors; each makes four query rows. */
const THREADS = 8;

/** struct Params of lib/attention.wgsl; `log2E` is what the kernel takes for it. */
export function attentionParams(
  { tokens, queries, heads, headDim }: AttentionProblem,
  log2E = Math.LOG2E,
): Uint32Array {
  const params = Uint32Array.of(tokens, queries, heads, groupsPerHead(headDim), 0);
  new Float32Array(params.buffer)[4] = log2E / Math.sqrt(headDim);
  return params;
}

/** One workgroup per `rows` query rows, group of 64 channels and image. */
export function attentionGrid({ images, queries, heads, headDim }: AttentionProblem, rows: number): Grid {
  return [Math.ceil(queries / rows), heads * groupsPerHead(headDim), images];
}

const variant = (wgsl: string, inner?: "dot4" | "f32"): Variant<AttentionProblem> => ({
  wgsl,
  shapedFor: "software",
  inner,
  constants: () => ({ ROWS_PER_WORKGROUP: THREADS }),
  grid: (problem) => attentionGrid(problem, 4 * THREADS),
  runsOn: ({ language }) => inner !== "dot4" || language.has("packed_4x8_integer_dot_product"),
});

export function checkAttention({ images, tokens, queries, heads, headDim }: AttentionProblem): void {
  if (
    !(
      images > 0 &&
      tokens > 0 &&
      queries > 0 &&
      queries <= tokens &&
      heads > 0 &&
      headDim > 0 &&
      headDim <= 128
    )
  )
    throw new RangeError(
      `attention: images, heads > 0, 0 < queries <= tokens, 0 < headDim <= 128; got ${images}, ${heads}, ${queries}, ${tokens}, ${headDim}`,
    );
}

const width = ({ heads, headDim }: AttentionProblem) => heads * groupsPerHead(headDim) * GROUP;
export const attentionMacs = ({ images, tokens, queries, heads, headDim }: AttentionProblem) =>
  2 * images * heads * queries * tokens * headDim;
export const attentionBytes = (p: AttentionProblem) => p.images * (3 * p.tokens + p.queries) * width(p);

/** int8 Q, K and V in, int8 out, each with a scale per row and group of 64 channels. */
export const attention = defineKernel({
  name: "attention",
  bindings: { qkv: "read", qkv_scale: "read", out: "write", out_scale: "write", params: "uniform" },
  variants: { f32: variant(f32Wgsl, "f32"), dot4: variant(dot4Wgsl, "dot4") },
  params: attentionParams,
  check: checkAttention,
  macs: attentionMacs,
  bytes: attentionBytes,
});

/** f32 in and out, for the float path. */
export const attentionFloat = defineKernel({
  name: "attention_float",
  bindings: { qkv: "read", out: "write", params: "uniform" },
  variants: { rows: variant(floatWgsl) },
  params: attentionParams,
  check: checkAttention,
  macs: attentionMacs,
  bytes: (p: AttentionProblem) => 4 * attentionBytes(p),
});
