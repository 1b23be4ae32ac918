import type { AnyCases, HostArray, Rng } from "../testing/cases.ts";
import { quantizeGroups } from "../testing/reference.ts";
import { type AttentionProblem, attention, attentionFloat, groupsPerHead } from "./attention.ts";
import { GROUP, paddedRows } from "./gemm.ts";

export const problems: { name: string; problem: AttentionProblem }[] = [
  { name: "one token", problem: { images: 1, tokens: 1, queries: 1, heads: 1, headDim: 64 } },
  { name: "tile - 1", problem: { images: 1, tokens: 63, queries: 63, heads: 1, headDim: 64 } },
  { name: "tile + 1, two images", problem: { images: 2, tokens: 65, queries: 65, heads: 2, headDim: 64 } },
  { name: "class tokens only", problem: { images: 7, tokens: 18, queries: 2, heads: 3, headDim: 64 } },
  { name: "head dim 32", problem: { images: 1, tokens: 17, queries: 17, heads: 3, headDim: 32 } },
  { name: "head dim 8", problem: { images: 1, tokens: 13, queries: 13, heads: 2, headDim: 8 } },
  { name: "head dim 72", problem: { images: 1, tokens: 17, queries: 17, heads: 1, headDim: 72 } },
  { name: "head dim 128", problem: { images: 1, tokens: 9, queries: 9, heads: 1, headDim: 128 } },
  { name: "head dim 80", problem: { images: 1, tokens: 19, queries: 19, heads: 2, headDim: 80 } },
  { name: "longer than a chunk", problem: { images: 1, tokens: 401, queries: 3, heads: 1, headDim: 64 } },
  { name: "DeiT-Ti", problem: { images: 1, tokens: 197, queries: 197, heads: 3, headDim: 64 } },
];

export const widthOf = ({ heads, headDim }: AttentionProblem) => heads * groupsPerHead(headDim) * GROUP;
export const rowsOf = ({ images, tokens }: AttentionProblem) => paddedRows(images * tokens);

/** Channels beyond the head dim are zero, as packed weights make them. */
export function zeroPadding<T extends HostArray>(p: AttentionProblem, values: T): T {
  const stride = groupsPerHead(p.headDim) * GROUP;
  for (let i = 0; i < values.length; i++) if (i % stride >= p.headDim) values[i] = 0;
  return values;
}

/** The first key's scale is large, so that its row of scores reaches into the hundreds. */
function quantizedInputs(p: AttentionProblem, rng: Rng) {
  const width = 3 * widthOf(p);
  const qkv_scale = rng.f32((rowsOf(p) * width) / GROUP, 0.02).map(Math.abs) as Float32Array;
  qkv_scale[widthOf(p) / GROUP] = 2;
  return { qkv: zeroPadding(p, rng.i8(rowsOf(p) * width)), qkv_scale };
}

/** `level`: what becomes of a weight of the softmax. */
export function reference(
  p: AttentionProblem,
  value: (row: number, column: number) => number,
  level = (weight: number) => weight,
): Float64Array {
  const { images, tokens, queries, heads, headDim } = p;
  const width = widthOf(p);
  const stride = width / heads;
  const y = new Float64Array(images * queries * width);
  for (let image = 0; image < images; image++)
    for (let head = 0; head < heads; head++)
      for (let query = 0; query < queries; query++) {
        const at = (row: number, part: number, d: number) =>
          value(image * tokens + row, part * width + head * stride + d);
        const scores = Array.from({ length: tokens }, (_, key) => {
          let sum = 0;
          for (let d = 0; d < headDim; d++) sum += at(query, 0, d) * at(key, 1, d);
          return sum / Math.sqrt(headDim);
        });
        const greatest = Math.max(...scores);
        const weights = scores.map((s) => Math.exp(s - greatest));
        const mass = weights.reduce((a, b) => a + b);
        for (let d = 0; d < headDim; d++) {
          let sum = 0;
          for (let key = 0; key < tokens; key++) sum += level(weights[key] / mass) * at(key, 2, d);
          y[(image * queries + query) * width + head * stride + d] = sum;
        }
      }
  return y;
}

/** The cases of every kernel with int8 in and out. */
export function quantizedCases(kernel: typeof attention): AnyCases {
  return {
    kernel,
    problems,
    inputs: quantizedInputs,
    outputs: (p: AttentionProblem) => {
      const length = p.images * p.queries * widthOf(p);
      return { out: { type: "i8", length }, out_scale: { type: "f32", length: length / GROUP } };
    },
    reference: (p: AttentionProblem, { qkv, qkv_scale }: Record<string, HostArray>) => {
      const width = 3 * widthOf(p);
      return quantizeGroups(
        reference(p, (row, column) => {
          const i = row * width + column;
          return qkv[i] * qkv_scale[Math.floor(i / GROUP)];
        }),
      );
    },
    // exp2 of scores in the hundreds: 2^-21 relative a unit of score; a value near a tie rounds either way.
    tolerance: { out: { abs: 1, rel: 0 }, out_scale: { abs: 1e-7, rel: 2e-4 } },
  } as unknown as AnyCases;
}

export default [
  quantizedCases(attention),
  {
    kernel: attentionFloat,
    problems,
    inputs: (p: AttentionProblem, rng: Rng) => ({
      qkv: zeroPadding(p, rng.f32(rowsOf(p) * 3 * widthOf(p), 2)),
    }),
    outputs: (p: AttentionProblem) => ({ out: { type: "f32", length: p.images * p.queries * widthOf(p) } }),
    reference: (p: AttentionProblem, { qkv }: Record<string, HostArray>) => ({
      out: reference(p, (row, column) => qkv[row * 3 * widthOf(p) + column]),
    }),
    // Sums of 197 terms below 2 in f32, and exp2 with 2^-21 relative a unit of score.
    tolerance: { out: { abs: 2e-5, rel: 2e-5 } },
  },
] as unknown as AnyCases[];
