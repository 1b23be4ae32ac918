// softmax(Q K^T / sqrt(head dim)) V on the CPU, in f64, head by head.

import type { AttentionProblem } from "../kernels/attention.ts";
import { GROUP } from "../kernels/gemm.ts";
import { roundUp } from "../tensor/round-up.ts";
import { quantizeGroups } from "./quantize.ts";
import { TILE_LANES, TILE_ROWS, tile } from "./tile.ts";

/** qkv [images * tokens, 3, heads, channels] -> out [images * queries, heads, channels], all of them f32. */
export function attentionFloat(
  problem: AttentionProblem,
  { qkv, out }: { readonly qkv: Float32Array; readonly out: Float32Array },
): void {
  const { images, tokens, queries, heads, headDim } = problem;
  const channels = roundUp(headDim, GROUP);
  const width = heads * channels;
  const part = (image: number, head: number, which: number): Matrix => ({
    values: qkv,
    from: image * tokens * 3 * width + which * width + head * channels,
    stride: 3 * width,
    rows: which === 0 ? queries : tokens,
  });
  const mixed = new Float64Array(roundUp(queries, TILE_ROWS) * channels);
  for (let image = 0; image < images; image++)
    for (let head = 0; head < heads; head++) {
      const [q, k, v] = [0, 1, 2].map((which) => part(image, head, which));
      const weights = scores(q, k, channels);
      softmax(weights, queries, tokens, headDim);
      mix(weights, v, channels, mixed);
      for (let row = 0; row < queries; row++)
        out.set(
          mixed.subarray(row * channels, (row + 1) * channels),
          (image * queries + row) * width + head * channels,
        );
    }
}

/** The same with Q, K, V and the output in int8, with a scale for each row and 64 channels. */
export function attention(
  problem: AttentionProblem,
  arrays: {
    readonly qkv: Int8Array;
    readonly qkv_scale: Float32Array;
    readonly out: Int8Array;
    readonly out_scale: Float32Array;
  },
): void {
  const { images, tokens, queries, heads, headDim } = problem;
  const width = heads * roundUp(headDim, GROUP);
  const qkv = new Float32Array(images * tokens * 3 * width);
  for (let i = 0; i < qkv.length; i++) qkv[i] = arrays.qkv[i] * arrays.qkv_scale[Math.floor(i / GROUP)];
  const out = new Float32Array(images * queries * width);
  attentionFloat(problem, { qkv, out });
  quantizeGroups(out, GROUP, arrays.out, arrays.out_scale);
}

/** A part of qkv. */
interface Matrix {
  readonly values: Float32Array;
  readonly from: number;
  readonly stride: number;
  readonly rows: number;
}

/** Q K^T: [queries, tokens], both rounded up to the tile. */
function scores(q: Matrix, k: Matrix, channels: number): Float64Array {
  const stride = roundUp(k.rows, TILE_LANES);
  const left = new Float64Array(roundUp(q.rows, TILE_ROWS) * channels);
  for (let row = 0; row < q.rows; row++) left.set(rowOf(q, row, channels), row * channels);
  const products = new Float64Array(roundUp(q.rows, TILE_ROWS) * stride);
  const lanes = new Float64Array(channels * TILE_LANES);
  for (let key = 0; key < k.rows; key += TILE_LANES) {
    for (let lane = 0; lane < TILE_LANES; lane++) {
      const row = k.from + Math.min(key + lane, k.rows - 1) * k.stride;
      for (let c = 0; c < channels; c++) lanes[c * TILE_LANES + lane] = k.values[row + c];
    }
    multiply(left, channels, lanes, products, key, stride);
  }
  return products;
}

/** P V: [queries, channels]. */
function mix(p: Float64Array, v: Matrix, channels: number, mixed: Float64Array): void {
  const stride = roundUp(v.rows, TILE_LANES);
  const lanes = new Float64Array(stride * TILE_LANES);
  for (let c = 0; c < channels; c += TILE_LANES) {
    for (let row = 0; row < v.rows; row++)
      for (let lane = 0; lane < TILE_LANES; lane++)
        lanes[row * TILE_LANES + lane] = v.values[v.from + row * v.stride + c + lane];
    multiply(p, stride, lanes, mixed, c, channels);
  }
}

/** Two columns of a product: every row of `left` [rows, k] with two lanes, into `out` from `column` on. */
function multiply(
  left: Float64Array,
  k: number,
  lanes: Float64Array,
  out: Float64Array,
  column: number,
  stride: number,
): void {
  const sums = new Float64Array(TILE_ROWS * TILE_LANES);
  for (let row = 0; row * k < left.length; row += TILE_ROWS) {
    tile(left, row * k, k, lanes, 0, k, sums);
    for (let i = 0; i < sums.length; i++) out[(row + (i >> 1)) * stride + column + (i & 1)] = sums[i];
  }
}

/** Rows of scores to weights that sum to 1, in place; what is beyond `tokens` to zero. */
function softmax(x: Float64Array, rows: number, tokens: number, headDim: number): void {
  const stride = roundUp(tokens, TILE_LANES);
  const scale = 1 / Math.sqrt(headDim);
  for (let row = 0; row < rows; row++) {
    const weights = x.subarray(row * stride, row * stride + tokens);
    let greatest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < tokens; i++) greatest = Math.max(greatest, weights[i]);
    let mass = 0;
    for (let i = 0; i < tokens; i++) mass += weights[i] = Math.exp((weights[i] - greatest) * scale);
    for (let i = 0; i < tokens; i++) weights[i] /= mass;
    x.fill(0, row * stride + tokens, (row + 1) * stride);
  }
}

const rowOf = ({ values, from, stride }: Matrix, row: number, length: number) =>
  values.subarray(from + row * stride, from + row * stride + length);
