// softmax(scale Q K^T + bias) V on the CPU, head by head of an image or of a window.

import { groupsPerHead, widthOf } from "../kernels/attention.ts";
import {
  biasOf,
  headScaleOf,
  isHidden,
  KEY_TILE,
  rowAt,
  sequencesOf,
  type WideAttentionProblem,
} from "../kernels/attention-wide.ts";
import { GROUP } from "../kernels/gemm.ts";
import { roundUp } from "../tensor/round-up.ts";
import { TILE_LANES, TILE_ROWS, tile } from "./tile.ts";

/** Q, K and V side by side, or each by itself. */
type Inputs<A> = { readonly qkv: A } | { readonly q: A; readonly k: A; readonly v: A };
interface Options {
  readonly bias?: Float32Array;
}

/** In f32, [rows, heads, channels] of each. */
export function attentionFloat(
  problem: WideAttentionProblem,
  arrays: Inputs<Float32Array> & Options & { readonly out: Float32Array },
): void {
  const { headDim } = problem;
  const channels = groupsPerHead(headDim) * GROUP;
  forEachHead(problem, arrays, ({ head, q, k, v, queries, keys, to, sequence }) => {
    const [left, right] = [q, k].map((part) => unitRows(problem, gathered(part, 0, channels), channels));
    const scores = products(left, right, channels, queries, keys);
    const scale = headScaleOf(problem, head, arrays.bias);
    addBias(problem, { sequence, head, queries, keys }, scores, scale, arrays.bias);
    const mixed = mix(softmax(scores, queries, keys), gathered(v, 0, channels), queries, keys, channels);
    for (let query = 0; query < queries; query++)
      arrays.out.set(mixed.subarray(query * channels, (query + 1) * channels), to(query));
  });
}

/** The same with Q, K, V and the output in int8, with a scale for each row and 64 channels, as docs/numerics.md describes. */
export function attention(
  problem: WideAttentionProblem,
  arrays: Inputs<Int8Array> & Options & { readonly out: Int8Array; readonly out_scale: Float32Array },
): void {
  const groups = groupsPerHead(problem.headDim);
  forEachHead(problem, arrays, ({ head, q, k, v, queries, keys, to, sequence }) => {
    const factor = headScaleOf(problem, head, arrays.bias);
    const scales = [q, k].map((part) => scalesOf(problem, part, groups));
    const scores = new Float64Array(queries * keys);
    for (let g = 0; g < groups; g++) {
      const sums = products(
        gathered(q, g * GROUP, GROUP),
        gathered(k, g * GROUP, GROUP),
        GROUP,
        queries,
        keys,
      );
      for (let i = 0; i < scores.length; i++) {
        const row = Math.fround(scales[0][Math.floor(i / keys) * groups + g] * factor);
        const part = Math.fround(Math.fround(sums[i] * row) * scales[1][(i % keys) * groups + g]);
        scores[i] = Math.fround(scores[i] + part);
      }
    }
    addBias(problem, { sequence, head, queries, keys }, scores, 1, arrays.bias);
    for (let g = 0; g < groups; g++) {
      const { totals, mass } = weighed(scores, v, g, queries, keys);
      for (let query = 0; query < queries; query++) {
        const y = totals.subarray(query * GROUP, (query + 1) * GROUP);
        const peak = y.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        const at = to(query) + g * GROUP;
        const inverse = peak > 1e-30 ? Math.fround(127 / peak) : 0;
        for (let c = 0; c < GROUP; c++) arrays.out[at + c] = roundHalfEven(Math.fround(y[c] * inverse));
        arrays.out_scale[at / GROUP] = peak / (127 * mass[query]);
      }
    }
  });
}

/** One head's Q, K or V of one sequence. */
interface Part {
  readonly values: ArrayLike<number>;
  readonly scales?: Float32Array;
  /** The beginning of each row. */
  readonly rows: readonly number[];
}

interface Head {
  readonly sequence: number;
  readonly head: number;
  readonly queries: number;
  readonly keys: number;
  readonly q: Part;
  readonly k: Part;
  readonly v: Part;
  /** The beginning of a query's output. */
  readonly to: (query: number) => number;
}

function forEachHead(problem: WideAttentionProblem, arrays: object, work: (head: Head) => void): void {
  const { heads, tokens, queryRows = tokens, windows } = problem;
  const { sequences, queries, keys } = sequencesOf(problem);
  const width = widthOf(problem);
  const merged = "qkv" in arrays;
  const values = arrays as Readonly<Record<string, ArrayLike<number>>>;
  for (let sequence = 0; sequence < sequences; sequence++)
    for (let head = 0; head < heads; head++) {
      const at = (head * width) / heads;
      const part = (i: number): Part => {
        const name = merged ? "qkv" : "qkv"[i];
        const [count, rows] = i === 0 ? [queries, merged ? tokens : queryRows] : [keys, tokens];
        const first = merged ? i * width + at : at;
        const stride = merged ? 3 * width : width;
        return {
          values: values[name],
          scales: values[`${name}_scale`] as Float32Array | undefined,
          rows: Array.from(
            { length: count },
            (_, row) => rowAt(problem, rows, sequence, row) * stride + first,
          ),
        };
      };
      const outRow = (query: number) =>
        windows ? rowAt(problem, tokens, sequence, query) : sequence * queries + query;
      const to = (query: number) => outRow(query) * width + at;
      work({ sequence, head, queries, keys, q: part(0), k: part(1), v: part(2), to });
    }
}

/** `length` values of each row from `first` on, [rows, length]. */
function gathered({ values, rows }: Part, first: number, length: number): Float64Array {
  const out = new Float64Array(rows.length * length);
  for (const [row, at] of rows.entries())
    for (let c = 0; c < length; c++) out[row * length + c] = values[at + first + c];
  return out;
}

/** Rows divided by their lengths, in place, where scores are cosines. */
function unitRows({ cosine }: WideAttentionProblem, x: Float64Array, width: number): Float64Array {
  if (!cosine) return x;
  for (let at = 0; at < x.length; at += width) {
    const row = x.subarray(at, at + width);
    const length = Math.max(Math.hypot(...row), 1e-12);
    for (let c = 0; c < width; c++) row[c] /= length;
  }
  return x;
}

/** Scales of groups of 64, [rows, groups]; of cosines divided by the row's length. */
function scalesOf({ cosine }: WideAttentionProblem, part: Part, groups: number): Float64Array {
  const out = new Float64Array(part.rows.length * groups);
  for (const [row, at] of part.rows.entries()) {
    let squares = 0;
    for (let c = 0; c < groups * GROUP; c++)
      squares += (part.values[at + c] * part.scales![Math.floor((at + c) / GROUP)]) ** 2;
    const inverse = cosine ? Math.fround(1 / Math.max(Math.sqrt(squares), 1e-12)) : 1;
    for (let g = 0; g < groups; g++)
      out[row * groups + g] = Math.fround(part.scales![at / GROUP + g] * inverse);
  }
  return out;
}

/** Scores times `scale` with their bias, in base 2, in place; those of hidden keys are nothing. */
function addBias(
  problem: WideAttentionProblem,
  { sequence, head, queries, keys }: Pick<Head, "sequence" | "head" | "queries" | "keys">,
  scores: Float64Array,
  scale: number,
  bias: Float32Array | undefined,
): void {
  for (let query = 0; query < queries; query++)
    for (let key = 0; key < keys; key++) {
      const i = query * keys + key;
      const score = scores[i] * scale + biasOf(problem, head, query, key, bias);
      scores[i] = isHidden(problem, sequence, query, key) ? Number.NEGATIVE_INFINITY : Math.fround(score);
    }
}

/** a b^T: [rows, columns] of a [rows, k] and b [columns, k]. */
function products(a: Float64Array, b: Float64Array, k: number, rows: number, columns: number): Float64Array {
  const left = padded(a, roundUp(rows, TILE_ROWS) * k);
  const lanes = new Float64Array(k * TILE_LANES);
  const out = new Float64Array(rows * columns);
  for (let column = 0; column < columns; column += TILE_LANES) {
    for (let lane = 0; lane < TILE_LANES; lane++) {
      const from = Math.min(column + lane, columns - 1) * k;
      for (let i = 0; i < k; i++) lanes[i * TILE_LANES + lane] = b[from + i];
    }
    multiply(left, k, lanes, out, { rows, columns, column });
  }
  return out;
}

/** P V: [rows, width] of p [rows, keys] and v [keys, width]. */
function mix(p: Float64Array, v: Float64Array, rows: number, keys: number, width: number): Float64Array {
  const left = padded(p, roundUp(rows, TILE_ROWS) * keys);
  const lanes = new Float64Array(keys * TILE_LANES);
  const out = new Float64Array(rows * width);
  for (let column = 0; column < width; column += TILE_LANES) {
    for (let key = 0; key < keys; key++)
      for (let lane = 0; lane < TILE_LANES; lane++)
        lanes[key * TILE_LANES + lane] = v[key * width + column + lane];
    multiply(left, keys, lanes, out, { rows, columns: width, column });
  }
  return out;
}

function padded(values: Float64Array, length: number): Float64Array {
  if (values.length === length) return values;
  const out = new Float64Array(length);
  out.set(values);
  return out;
}

/** Two columns of a product: every row of `left` [rows, k] with two lanes. */
function multiply(
  left: Float64Array,
  k: number,
  lanes: Float64Array,
  out: Float64Array,
  { rows, columns, column }: { readonly rows: number; readonly columns: number; readonly column: number },
): void {
  const sums = new Float64Array(TILE_ROWS * TILE_LANES);
  for (let row = 0; row < rows; row += TILE_ROWS) {
    tile(left, row * k, k, lanes, 0, k, sums);
    for (let i = 0; i < sums.length; i++) {
      const [r, c] = [row + (i >> 1), column + (i & 1)];
      if (r < rows && c < columns) out[r * columns + c] = sums[i];
    }
  }
}

/** Rows of scores in base 2 to weights that sum to 1, in place. */
function softmax(x: Float64Array, rows: number, keys: number): Float64Array {
  for (let row = 0; row < rows; row++) {
    const weights = x.subarray(row * keys, (row + 1) * keys);
    const greatest = greatestOf(weights);
    let mass = 0;
    for (let key = 0; key < keys; key++) mass += weights[key] = 2 ** (weights[key] - greatest);
    for (let key = 0; key < keys; key++) weights[key] /= mass;
  }
  return x;
}

const greatestOf = (values: Float64Array) =>
  values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);

/** No score's greatest is below this. */
const LOWEST = -(2 ** 24);
const powerOfTwo = (n: number) => 2 ** Math.max(-126, Math.min(127, n));

/** P V of one group of 64 channels in int8, tile by tile of keys: [queries, 64] before the division by the mass of each query. */
function weighed(scores: Float64Array, v: Part, group: number, queries: number, keys: number) {
  const totals = new Float64Array(queries * GROUP);
  const mass = new Float64Array(queries);
  const top = new Float64Array(queries).fill(LOWEST);
  for (let first = 0; first < keys; first += KEY_TILE) {
    const length = Math.min(KEY_TILE, keys - first);
    const part = { ...v, rows: v.rows.slice(first, first + length) };
    const scales = Float64Array.from(part.rows, (at) => part.scales![at / GROUP + group]);
    // The power of two above the greatest scale.
    const places = Math.floor(Math.log2(Math.max(2 ** -126, greatestOf(scales)))) + 1;
    const weights = new Float64Array(queries * length);
    const [kept, units] = [new Float64Array(queries), new Float64Array(queries)];
    for (let query = 0; query < queries; query++) {
      const row = scores.subarray(query * keys + first, query * keys + first + length);
      const here = Math.max(LOWEST, Math.ceil(greatestOf(row)));
      let sum = 0;
      for (let key = 0; key < length; key++) {
        const p = Math.fround(2 ** Math.fround(row[key] - here));
        sum += p;
        const factor = Math.fround(scales[key] * powerOfTwo(14 - places));
        weights[query * length + key] = Math.min(16383, roundHalfEven(Math.fround(p * factor)));
      }
      const next = Math.max(top[query], here);
      kept[query] = powerOfTwo(top[query] - next);
      const added = powerOfTwo(here - next);
      units[query] = added * powerOfTwo(places - 14);
      mass[query] = mass[query] * kept[query] + sum * added;
      top[query] = next;
    }
    const sums = mix(weights, gathered(part, group * GROUP, GROUP), queries, length, GROUP);
    for (let i = 0; i < totals.length; i++) {
      const query = Math.floor(i / GROUP);
      totals[i] = Math.fround(Math.fround(totals[i] * kept[query]) + Math.fround(sums[i]) * units[query]);
    }
  }
  return { totals, mass };
}

/** round(x), ties to even, for |x| < 2^51. */
function roundHalfEven(x: number): number {
  return x + 1.5 * 2 ** 52 - 1.5 * 2 ** 52;
}
