import {
  bitsOfAll,
  FRACTION,
  int8Scale,
  int8Step,
  numberOf,
  reciprocal,
  scaled,
  times,
} from "../quant/dyadic.ts";
import { power as ibertPower } from "../quant/ibert.ts";
import { power as ivitPower } from "../quant/ivit.ts";
import type { AnyCases, HostArray } from "../testing/cases.ts";
import { problems, quantizedCases } from "./attention.cases.ts";
import { type AttentionProblem, groupsPerHead } from "./attention.ts";
import { attentionInteger } from "./attention-integer.ts";
import { GROUP } from "./gemm.ts";

type Power = (distance: number) => number;
interface Qkv {
  /** int8, and the bits of the scales. */
  readonly q: HostArray;
  readonly scale: Uint32Array;
  /** Group of 64 of a row: part 0, 1 or 2 for Q, K and V. */
  readonly group: (row: number, part: number, group: number) => number;
}

function reference(power: Power, scoreScale: number, p: AttentionProblem, host: Record<string, HostArray>) {
  const { images, tokens, queries, heads, headDim } = p;
  const groups = heads * groupsPerHead(headDim);
  const qkv: Qkv = {
    q: host.qkv,
    scale: bitsOfAll(host.qkv_scale as Float32Array),
    group: (row, part, group) => (row * 3 + part) * groups + group,
  };
  const out = new Int8Array(images * queries * groups * GROUP);
  const out_scale = new Float32Array(images * queries * groups);
  for (let image = 0; image < images; image++)
    for (let query = 0; query < queries; query++) {
      const rows = Array.from({ length: tokens }, (_, token) => image * tokens + token);
      for (let head = 0; head < heads; head++) {
        const scores = scoresOf(qkv, rows[query], rows, head, groupsPerHead(headDim), scoreScale);
        const weights = weightsOf(power, scores);
        for (let g = 0; g < groupsPerHead(headDim); g++) {
          const group = head * groupsPerHead(headDim) + g;
          const y = weigh(qkv, rows, group, weights);
          const peak = Math.max(...y.map(Math.abs));
          const at = (image * queries + query) * groups + group;
          out.set(
            y.map((value) => int8Step(value, peak)),
            at * GROUP,
          );
          out_scale[at] = numberOf(int8Scale(peak, FRACTION));
        }
      }
    }
  return { out, out_scale };
}

/** With 16 binary places, in base 2. */
function scoresOf(
  { q, scale, group }: Qkv,
  query: number,
  rows: readonly number[],
  head: number,
  groups: number,
  scoreScale: number,
): number[] {
  return rows.map((key) => {
    let score = 0;
    for (let g = head * groups; g < (head + 1) * groups; g++) {
      const [a, b] = [group(query, 0, g), group(key, 1, g)];
      let dot = 0;
      for (let c = 0; c < GROUP; c++) dot += q[a * GROUP + c] * q[b * GROUP + c];
      score += scaled(dot, times(times(scale[a], scoreScale), scale[b]), 16);
    }
    return score;
  });
}

/** Of so few places that 127 times their sum stays below 2^31. */
function weightsOf(power: Power, scores: readonly number[]): number[] {
  const greatest = Math.max(...scores);
  const excess = 32 - Math.clz32((scores.length - 1) >> 9);
  return scores.map((score) => (power(greatest - score) + ((1 << excess) >> 1)) >> excess);
}

/** P.V of one group of 64 channels, with 14 binary places. */
function weigh({ q, scale, group }: Qkv, rows: readonly number[], v: number, weights: readonly number[]) {
  const scales = rows.map((row) => scale[group(row, 2, v)]);
  const places = 126 - (Math.max(...scales) >>> 23);
  const scaledWeights = weights.map((weight, key) => scaled(weight, scales[key], places));
  const mass = reciprocal(weights.reduce((a, b) => a + b));
  return Array.from({ length: GROUP }, (_, c) => {
    const total = rows.reduce(
      (sum, row, key) => sum + scaledWeights[key] * q[group(row, 2, v) * GROUP + c],
      0,
    );
    return scaled(total, mass, FRACTION - places);
  });
}

const cases = (kernel: typeof attentionInteger.ibert, power: Power): AnyCases => {
  const shared = quantizedCases(kernel, problems);
  const long = { images: 1, tokens: 520, queries: 2, heads: 1, headDim: 64 };
  return {
    ...shared,
    problems: [...problems, { name: "longer than weights of 15 places", problem: long }],
    reference: (p: AttentionProblem, host: Record<string, HostArray>) =>
      reference(power, kernel.params!(p)[4], p, host),
    // Integers, and scales by their bits.
    tolerance: { out: { abs: 0, rel: 0 }, out_scale: { abs: 0, rel: 0 } },
  } as unknown as AnyCases;
};

export default [cases(attentionInteger.ibert, ibertPower), cases(attentionInteger.ivit, ivitPower)];
