import dot4Wgsl from "../../shaders/attention.wgsl?slices&dot4&wgsl";
import f32Wgsl from "../../shaders/attention.wgsl?slices&wgsl";
import { checkProblem, defineKernel, type Grid, type Probe, type Variant } from "../gpu/kernel.ts";
import { GROUP, paddedRows } from "./gemm.ts";

/** Multi-head attention over the rows of `images` images of `tokens` rows each. */
export interface AttentionProblem {
  readonly images: number;
  readonly tokens: number;
  /** How many of each image's first rows are queries: all, or in the last block the class tokens only. */
  readonly queries: number;
  readonly heads: number;
  readonly headDim: number;
  /** A query sees no key behind its own row. */
  readonly causal?: boolean;
  /** Default: 1 / sqrt(headDim). */
  readonly scale?: number;
}

/** Groups of 64 channels that one head takes in memory. */
export function groupsPerHead(headDim: number): number {
  return Math.ceil(headDim / GROUP);
}

/** Columns of Q, of K, of V and of the output in memory. */
export function widthOf({ heads, headDim }: AttentionProblem): number {
  return heads * groupsPerHead(headDim) * GROUP;
}

/** Threads of a workgroup, a vector of most processors; each makes four query rows. */
const THREADS = 8;

/** The factor of scores, in base 2, as an f32; `log2E` is the value of log2(e) in the kernel. */
export function scoreScaleOf(
  { headDim, scale = 1 / Math.sqrt(headDim) }: AttentionProblem,
  log2E = Math.LOG2E,
) {
  return Math.fround(log2E * scale);
}

/** struct Params of lib/attention.wgsl, without options. */
export function attentionParams(problem: AttentionProblem, log2E?: number): Uint32Array {
  const { tokens, queries, heads, headDim, causal } = problem;
  const params = Uint32Array.of(tokens, queries, heads, groupsPerHead(headDim), 0, Number(causal ?? false));
  new Float32Array(params.buffer)[4] = scoreScaleOf(problem, log2E);
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
});

export function checkAttention({ images, tokens, queries, heads, headDim }: AttentionProblem): void {
  const counts = [images, tokens, queries, heads, headDim];
  const fits = counts.every((count) => count > 0) && queries <= tokens && headDim <= 128;
  const expected = "images, tokens, queries, heads and headDim > 0, queries <= tokens and headDim <= 128";
  checkProblem(fits, "attention", expected, ...counts);
}

export const attentionMacs = ({ images, tokens, queries, heads, headDim }: AttentionProblem) =>
  2 * images * heads * queries * tokens * headDim;
export const attentionBytes = (p: AttentionProblem) => p.images * (3 * p.tokens + p.queries) * widthOf(p);

/** Six tokens of one head that contain every byte value; an output may differ by one step. */
function attentionProbe(): Probe {
  const tokens = 6;
  const qkv = Int8Array.from({ length: paddedRows(tokens) * 3 * GROUP }, (_, i) =>
    Math.max(-127, ((i * 37 + (i >> 8)) & 255) - 128),
  );
  const at = (row: number, part: number, d: number) => qkv[(row * 3 + part) * GROUP + d] / 64;
  const channels = Array.from({ length: GROUP }, (_, d) => d);
  const expected = new Int8Array(tokens * GROUP);
  const scales = new Float32Array(tokens);
  for (let query = 0; query < tokens; query++) {
    const weights = Array.from({ length: tokens }, (_, key) =>
      Math.exp(channels.reduce((sum, d) => sum + at(query, 0, d) * at(key, 1, d), 0) / 8),
    );
    const mass = weights.reduce((a, b) => a + b);
    const y = channels.map((d) => weights.reduce((sum, p, key) => sum + p * at(key, 2, d), 0) / mass);
    scales[query] = Math.max(...y.map(Math.abs)) / 127;
    for (const d of channels) expected[query * GROUP + d] = Math.round(y[d] / scales[query]);
  }
  return {
    problem: { images: 1, tokens, queries: tokens, heads: 1, headDim: GROUP },
    inputs: { qkv, qkv_scale: new Float32Array(paddedRows(tokens) * 3).fill(1 / 64) },
    outputs: {
      out: { expected, off: 1, byteLength: paddedRows(tokens) * GROUP },
      out_scale: { expected: scales, off: 1e-5, byteLength: paddedRows(tokens) * 4 },
    },
  };
}

/** int8 Q, K and V in, int8 out, each with a scale per row and group of 64 channels. */
export const attention = defineKernel({
  name: "attention",
  bindings: { qkv: "read", qkv_scale: "read", out: "write", out_scale: "write", params: "uniform" },
  variants: { f32: variant(f32Wgsl, "f32"), dot4: variant(dot4Wgsl, "dot4") },
  params: attentionParams,
  probe: attentionProbe,
  check: checkAttention,
  macs: attentionMacs,
  bytes: attentionBytes,
});
