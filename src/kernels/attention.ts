import dot4Wgsl from "../../shaders/attention.wgsl?dot4&wgsl";
import floatWgsl from "../../shaders/attention.wgsl?float&wgsl";
import f32Wgsl from "../../shaders/attention.wgsl?wgsl";
import { defineKernel, type Variant } from "../gpu/kernel.ts";
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

/** Query rows per workgroup on a software adapter: a vector of the processor. */
const SOFTWARE_ROWS = 8;

const variant = (wgsl: string, rows: number, dot4 = false): Variant<AttentionProblem> => ({
  wgsl,
  shapedFor: rows === SOFTWARE_ROWS ? "software" : "gpu",
  inner: dot4 ? "dot4" : "f32",
  constants: ({ tokens, queries, heads, headDim }) => ({
    TOKENS: tokens,
    QUERIES: queries,
    HEADS: heads,
    GROUPS: groupsPerHead(headDim),
    SCORE_SCALE: Math.LOG2E / Math.sqrt(headDim),
    ROWS_PER_WORKGROUP: rows,
  }),
  grid: ({ images, queries, heads, headDim }) => [
    Math.ceil(queries / rows),
    heads * groupsPerHead(headDim),
    images,
  ],
  runsOn: ({ language }) => !dot4 || language.has("packed_4x8_integer_dot_product"),
});

function check({ images, tokens, queries, heads, headDim }: AttentionProblem): void {
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
const macs = ({ images, tokens, queries, heads, headDim }: AttentionProblem) =>
  2 * images * heads * queries * tokens * headDim;

/** int8 Q, K and V in, int8 out, each with a scale per row and group of 64 channels. */
export const attention = defineKernel({
  name: "attention",
  bindings: { qkv: "read", qkv_scale: "read", out: "write", out_scale: "write" },
  variants: {
    "dot4-8": variant(dot4Wgsl, 8, true),
    "dot4-64": variant(dot4Wgsl, 64, true),
    "f32-8": variant(f32Wgsl, 8),
    "f32-64": variant(f32Wgsl, 64),
  },
  check,
  macs,
  bytes: (p: AttentionProblem) => p.images * (3 * p.tokens + p.queries) * width(p),
});

/** f32 in and out, for the float path. */
export const attentionFloat = defineKernel({
  name: "attention_float",
  bindings: { qkv: "read", out: "write" },
  variants: { "rows-8": variant(floatWgsl, 8), "rows-64": variant(floatWgsl, 64) },
  check,
  macs,
  bytes: (p: AttentionProblem) => 4 * p.images * (3 * p.tokens + p.queries) * width(p),
});
