import type { AnyCases, HostArray, Rng } from "../testing/cases.ts";
import { attention, groupsPerHead, widthOf } from "./attention.ts";
import {
  biasOf,
  headScaleOf,
  isHidden,
  KEY_TILE,
  rowAt,
  sequencesOf,
  type WideAttentionProblem,
} from "./attention-wide.ts";
import { GROUP, paddedRows } from "./gemm.ts";

export interface NamedProblem {
  readonly name: string;
  readonly problem: WideAttentionProblem;
}

/** What every form of attention computes. */
export const problems: readonly NamedProblem[] = [
  { name: "one token", problem: { images: 1, tokens: 1, queries: 1, heads: 1, headDim: 64 } },
  { name: "tile - 1", problem: { images: 1, tokens: 63, queries: 63, heads: 1, headDim: 64 } },
  { name: "tile, filled", problem: { images: 1, tokens: 128, queries: 128, heads: 1, headDim: 64 } },
  { name: "tile + 1, two images", problem: { images: 2, tokens: 65, queries: 65, heads: 2, headDim: 64 } },
  { name: "class tokens only", problem: { images: 7, tokens: 18, queries: 2, heads: 3, headDim: 64 } },
  { name: "head dim 8", problem: { images: 1, tokens: 5, queries: 5, heads: 5, headDim: 8 } },
  { name: "head dim 32", problem: { images: 1, tokens: 17, queries: 17, heads: 3, headDim: 32 } },
  { name: "head dim 8", problem: { images: 1, tokens: 13, queries: 13, heads: 2, headDim: 8 } },
  { name: "head dim 72", problem: { images: 1, tokens: 17, queries: 17, heads: 1, headDim: 72 } },
  { name: "head dim 128", problem: { images: 1, tokens: 9, queries: 9, heads: 1, headDim: 128 } },
  { name: "head dim 80", problem: { images: 1, tokens: 19, queries: 19, heads: 2, headDim: 80 } },
  { name: "head dim 128", problem: { images: 1, tokens: 70, queries: 70, heads: 1, headDim: 128 } },
  { name: "longer than a tile", problem: { images: 1, tokens: 401, queries: 3, heads: 1, headDim: 64 } },
  { name: "DeiT-Ti", problem: { images: 1, tokens: 197, queries: 197, heads: 3, headDim: 64 } },
];

/** Of the kernels with int8 or f32 in one tensor. */
export const causal: readonly NamedProblem[] = [
  { name: "causal", problem: { images: 2, tokens: 77, queries: 77, heads: 2, headDim: 64, causal: true } },
  { name: "given scale", problem: { images: 1, tokens: 9, queries: 9, heads: 2, headDim: 24, scale: 0.3 } },
  { name: "4,096 tokens", problem: { images: 1, tokens: 4096, queries: 33, heads: 1, headDim: 8 } },
];

export const rowsOf = ({ images, tokens }: WideAttentionProblem) => paddedRows(images * tokens);

/** Channels beyond the head dim are zero, as packed weights make them. */
export function zeroPadding<T extends HostArray>({ headDim }: WideAttentionProblem, values: T): T {
  const stride = groupsPerHead(headDim) * GROUP;
  for (let i = 0; i < values.length; i++) if (i % stride >= headDim) values[i] = 0;
  return values;
}

/** Scales of Q, K and V: ten times the least at most. */
export const scalesFrom = (rng: Rng, length: number) => rng.f32(length, 0.009).map((x) => x + 0.011);

/** The first key's scale is large, so that its row of scores reaches into the hundreds. */
function quantizedInputs(p: WideAttentionProblem, rng: Rng) {
  const width = 3 * widthOf(p);
  const qkv_scale = scalesFrom(rng, (rowsOf(p) * width) / GROUP);
  qkv_scale[widthOf(p) / GROUP] = 2;
  return { qkv: zeroPadding(p, rng.i8(rowsOf(p) * width)), qkv_scale };
}

/** Q, K or V: where its rows lie. */
export interface Operand {
  readonly values: HostArray;
  readonly scale?: HostArray;
  readonly stride: number;
  readonly first: number;
  /** Of an image. */
  readonly rows: number;
}

/** Q, K and V of the inputs of a case, in one tensor or in three. */
export function operandsOf(p: WideAttentionProblem, host: Record<string, HostArray>): Operand[] {
  const width = widthOf(p);
  return ["q", "k", "v"].map((name, i) =>
    host.qkv
      ? { values: host.qkv, scale: host.qkv_scale, stride: 3 * width, first: i * width, rows: p.tokens }
      : {
          values: host[name],
          scale: host[`${name}_scale`],
          stride: width,
          first: 0,
          rows: i === 0 ? p.queryRows! : p.tokens,
        },
  );
}

const read = ({ values, scale, stride, first }: Operand, row: number, column: number) => {
  const i = row * stride + first + column;
  return values[i] * (scale ? scale[Math.floor(i / GROUP)] : 1);
};

/** Every row of every sequence and head that is a query, and the keys that it sees. */
function* queriesOf(p: WideAttentionProblem) {
  const { sequences, queries, keys } = sequencesOf(p);
  for (let sequence = 0; sequence < sequences; sequence++)
    for (let head = 0; head < p.heads; head++)
      for (let query = 0; query < queries; query++) {
        const to = p.windows ? rowAt(p, p.tokens, sequence, query) : sequence * queries + query;
        const row = rowAt(p, p.queryRows ?? p.tokens, sequence, query);
        const rows = Array.from({ length: keys }, (_, key) => rowAt(p, p.tokens, sequence, key));
        const hidden = rows.map((_, key) => isHidden(p, sequence, query, key));
        yield { head, query, row, rows, hidden, to };
      }
}

/** In f64, as the paper has it; `level`: what becomes of a weight of the softmax. */
export function reference(
  p: WideAttentionProblem,
  host: Record<string, HostArray>,
  level = (weight: number) => weight,
): Float64Array {
  const [q, k, v] = operandsOf(p, host);
  const width = widthOf(p);
  const stride = width / p.heads;
  const channels = Array.from({ length: p.headDim }, (_, d) => d);
  const bias = host.bias as Float32Array | undefined;
  const y = new Float64Array(p.images * p.queries * width);
  const lengthOf = (operand: Operand, row: number, head: number) =>
    p.cosine ? Math.hypot(...channels.map((d) => read(operand, row, head * stride + d))) : 1;
  for (const { head, query, row, rows, hidden, to } of queriesOf(p)) {
    const at = head * stride;
    const length = lengthOf(q, row, head);
    const scores = rows.map((keyRow, key) => {
      if (hidden[key]) return Number.NEGATIVE_INFINITY;
      const dot = channels.reduce((sum, d) => sum + read(q, row, at + d) * read(k, keyRow, at + d), 0);
      const cosine = dot / (length * lengthOf(k, keyRow, head));
      const scale = p.scalePerHead ? bias![head] / Math.LOG2E : (p.scale ?? 1 / Math.sqrt(p.headDim));
      return cosine * scale + biasOf(p, head, query, key, bias) / Math.LOG2E;
    });
    const greatest = Math.max(...scores);
    const weights = scores.map((s) => Math.exp(s - greatest));
    const mass = weights.reduce((a, b) => a + b);
    for (const d of channels)
      y[to * width + at + d] = rows.reduce(
        (sum, keyRow, key) => sum + level(weights[key] / mass) * read(v, keyRow, at + d),
        0,
      );
  }
  return y;
}

/** The definition of int8 attention in docs/numerics.md, one query after another. */
export function definition(p: WideAttentionProblem, host: Record<string, HostArray>) {
  const operands = operandsOf(p, host);
  const bias = host.bias as Float32Array | undefined;
  const groups = groupsPerHead(p.headDim);
  const width = widthOf(p);
  const out = new Int8Array(p.images * p.queries * width);
  const out_scale = new Float32Array(out.length / GROUP);
  for (const { head, query, row, rows, hidden, to } of queriesOf(p)) {
    const scores = rows.map((keyRow, key) => {
      if (hidden[key]) return Number.NEGATIVE_INFINITY;
      const score = scoreOf(p, operands, row, keyRow, head, headScaleOf(p, head, bias));
      return Math.fround(score + biasOf(p, head, query, key, bias));
    });
    for (let group = head * groups; group < (head + 1) * groups; group++) {
      const { y, mass } = mixed(operands[2], rows, group, scores);
      const peak = Math.max(...y.map(Math.abs));
      const at = (to * width) / GROUP + group;
      for (const [c, value] of y.entries())
        out[at * GROUP + c] = peak > 0 ? Math.round(value * Math.fround(127 / peak)) : 0;
      out_scale[at] = peak / (127 * mass);
    }
  }
  return { out, out_scale };
}

/** In base 2. */
function scoreOf(
  p: WideAttentionProblem,
  [q, k]: readonly Operand[],
  row: number,
  keyRow: number,
  head: number,
  factor: number,
): number {
  const groups = groupsPerHead(p.headDim);
  const length = (operand: Operand, at: number) => {
    if (!p.cosine) return 1;
    const channels = Array.from({ length: groups * GROUP }, (_, c) =>
      read(operand, at, head * groups * GROUP + c),
    );
    return Math.fround(1 / Math.hypot(...channels));
  };
  const scale = (operand: Operand, at: number, g: number) =>
    Math.fround(
      operand.scale![(at * operand.stride + operand.first) / GROUP + head * groups + g] * length(operand, at),
    );
  let score = 0;
  for (let g = 0; g < groups; g++) {
    let dot = 0;
    for (let c = 0; c < GROUP; c++) {
      const at = (head * groups + g) * GROUP + c;
      dot += q.values[row * q.stride + q.first + at] * k.values[keyRow * k.stride + k.first + at];
    }
    const part = Math.fround(dot * Math.fround(scale(q, row, g) * factor));
    score = Math.fround(score + Math.fround(part * scale(k, keyRow, g)));
  }
  return score;
}

/** P V of one group of 64 channels: a tile of 64 keys after another. */
function mixed(v: Operand, rows: readonly number[], group: number, scores: readonly number[]) {
  let y = new Array<number>(GROUP).fill(0);
  let mass = 0;
  let top = -(2 ** 24);
  for (let first = 0; first < rows.length; first += KEY_TILE) {
    const tile = rows.slice(first, first + KEY_TILE);
    const scales = tile.map((row) => v.scale![(row * v.stride + v.first) / GROUP + group]);
    const here = Math.max(-(2 ** 24), Math.ceil(Math.max(...scores.slice(first, first + KEY_TILE))));
    // The power of two above the greatest scale.
    const places = Math.floor(Math.log2(Math.max(2 ** -126, ...scales))) + 1;
    const p = tile.map((_, i) => Math.fround(2 ** Math.fround(scores[first + i] - here)));
    const weights = p.map((power, i) =>
      Math.min(16383, Math.round(Math.fround(power * Math.fround(scales[i] * 2 ** (14 - places))))),
    );
    const next = Math.max(top, here);
    const [kept, added] = [2 ** Math.max(-126, top - next), 2 ** Math.max(-126, here - next)];
    mass = mass * kept + added * p.reduce((a, b) => a + b, 0);
    y = y.map((total, c) => {
      const at = v.first + group * GROUP + c;
      const sum = tile.reduce((all, row, i) => all + weights[i] * v.values[row * v.stride + at], 0);
      return Math.fround(
        Math.fround(total * kept) + Math.fround(Math.fround(sum) * added * 2 ** (places - 14)),
      );
    });
    top = next;
  }
  return { y, mass };
}

/** The cases of a kernel with int8 in and out. */
export function quantizedCases(
  kernel: AnyCases["kernel"],
  some: readonly NamedProblem[] = [...problems, ...causal],
  inputs: (p: never, rng: Rng) => Record<string, HostArray> = quantizedInputs,
): AnyCases {
  return {
    kernel,
    problems: some,
    inputs,
    outputs: (p: WideAttentionProblem) => {
      const length = p.images * p.queries * widthOf(p);
      return { out: { type: "i8", length }, out_scale: { type: "f32", length: length / GROUP } };
    },
    reference: definition,
    // exp2 of scores in the hundreds: 2^-21 relative a unit of score; a value near a tie rounds either way. So does a greatest score
    // near an integer, which halves or doubles the steps of weights: of V's greatest scale, 2^-5 at most, 2^-13 of a mass from 1/2 on.
    tolerance: { out: { abs: 1, rel: 0 }, out_scale: { abs: 4e-6, rel: 2e-4 } },
  } as unknown as AnyCases;
}

export default quantizedCases(attention);
