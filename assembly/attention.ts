// softmax(Q K^T / sqrt(head dim)) V, as src/kernels/attention.ts says: int8 in and out with a scale per row and 64 channels.
// Q K^T is of integers; the softmax and P V are in f32.

import { exp2, greatest, peakOf, quantizeGroup, total } from "./float";
import { sumRows, TILE_COLUMNS } from "./tile";
import { GROUP, GROUP_LENGTH, widenGroups } from "./widen";

/** Query rows that go together. */
const ROWS: i32 = 16;

/**
 * Units [from, to) of images * heads * queries: a query row of a head each. `scratch`, with T the tokens, padded to 4, and C
 * the channels of a head: K as int16 [C / 64, T, 64], its scales [C / 64, T], V as f32 [T, C], then what `attend` needs.
 */
export function attention(
  from: i32,
  to: i32,
  tokens: i32,
  queries: i32,
  heads: i32,
  groups: i32,
  scoreScale: f32,
  qkv: usize,
  qkvScale: usize,
  out: usize,
  outScale: usize,
  scratch: usize,
): void {
  const padded = (tokens + 3) & ~3;
  const channels = groups * GROUP;
  const rowBytes = 3 * heads * channels;
  const scaleBytes = 3 * heads * groups * 4;
  const keys = scratch;
  const keyScales = keys + padded * channels * 2;
  const values = keyScales + groups * padded * 4;
  const rest = values + padded * channels * 4;
  for (let unit = from; unit < to; ) {
    const head = (unit / queries) % heads;
    const image = unit / queries / heads;
    const row = image * tokens;
    const q = qkv + row * rowBytes + head * channels;
    const qScale = qkvScale + row * scaleBytes + head * groups * 4;
    widenGroups(q + heads * channels, rowBytes, tokens, groups, padded, keys);
    loadScales(qScale + heads * groups * 4, scaleBytes, tokens, padded, groups, scoreScale, keyScales);
    const valuesAt = q + 2 * heads * channels;
    loadValues(valuesAt, rowBytes, qScale + 2 * heads * groups * 4, scaleBytes, tokens, channels, values);
    const first = unit % queries;
    const end = min(queries, first + to - unit);
    for (let query = first; query < end; query += ROWS) {
      const rows = min(ROWS, end - query);
      widenGroups(q + query * rowBytes, rowBytes, rows, groups, ROWS, rest);
      const at = (image * queries + query) * heads + head;
      attend(
        rest,
        rows,
        qScale + query * scaleBytes,
        scaleBytes,
        tokens,
        padded,
        groups,
        keys,
        values,
        keyScales,
        out + at * channels,
        outScale + at * groups * 4,
        heads,
      );
    }
    unit += end - first;
  }
}

/** V times its scales, as f32. */
function loadValues(
  from: usize,
  stride: i32,
  scales: usize,
  scaleStride: i32,
  tokens: i32,
  channels: i32,
  to: usize,
): void {
  for (let t = 0; t < tokens; t++) {
    for (let c = 0; c < channels; c += 8) {
      const scale = v128.load32_splat(scales + (c / GROUP) * 4);
      const wide = v128.load8x8_s(from + c);
      const low = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(wide));
      const high = f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(wide));
      v128.store(to + c * 4, f32x4.mul(low, scale));
      v128.store(to + c * 4, f32x4.mul(high, scale), 16);
    }
    from += stride;
    scales += scaleStride;
    to += channels * 4;
  }
}

/** Scales of one part of qkv as [groups, padded], times `factor`. */
function loadScales(
  from: usize,
  stride: i32,
  tokens: i32,
  padded: i32,
  groups: i32,
  factor: f32,
  to: usize,
): void {
  for (let g = 0; g < groups; g++) {
    const row = to + g * padded * 4;
    for (let t = 0; t < tokens; t++) store<f32>(row + t * 4, load<f32>(from + t * stride + g * 4) * factor);
    for (let t = tokens; t < padded; t++) store<f32>(row + t * 4, 0);
  }
}

/**
 * `rows` query rows, int16 [groups, ROWS, 64] at `q`; behind them are their sums with the keys [ROWS, padded], scores of the
 * same shape, and two rows of outputs.
 */
function attend(
  q: usize,
  rows: i32,
  qScale: usize,
  qScaleStride: i32,
  tokens: i32,
  padded: i32,
  groups: i32,
  keys: usize,
  values: usize,
  keyScales: usize,
  out: usize,
  outScale: usize,
  heads: i32,
): void {
  const channels = groups * GROUP;
  const stride = padded * 4;
  const sums = q + ROWS * channels * 2;
  const scores = sums + ROWS * stride;
  const mixed = scores + ROWS * stride;
  for (let g = 0; g < groups; g++) {
    const queries = q + g * ROWS * GROUP_LENGTH;
    for (let t = 0; t < padded; t += TILE_COLUMNS)
      sumRows(queries, rows, GROUP_LENGTH, keys + (g * padded + t) * GROUP_LENGTH, sums + t * 4, stride);
    for (let r = 0; r < rows; r++) {
      const scale = load<f32>(qScale + r * qScaleStride + g * 4);
      addScores(sums + r * stride, scale, keyScales + g * stride, padded, g > 0, scores + r * stride);
    }
  }
  for (let r = 0; r < rows; r += 2) {
    const p = scores + r * stride;
    const first = <f32>1.0 / exponentiate(p, tokens, padded);
    const second = <f32>1.0 / exponentiate(p + stride, tokens, padded);
    for (let c = 0; c < channels; c += 16)
      mix(p, padded, tokens, values + c * 4, channels * 4, first, second, mixed + c * 4, channels * 4);
    for (let i = r; i < min(rows, r + 2); i++)
      for (let g = 0; g < groups; g++) {
        const y = mixed + ((i - r) * channels + g * GROUP) * 4;
        const at = i * heads * groups + g;
        quantizeGroup(y, peakOf(y, GROUP), out + at * GROUP, outScale + at * 4);
      }
  }
}

/** scores = (or with `more` +=) sums scale keyScales. */
function addScores(sums: usize, scale: f32, keyScales: usize, padded: i32, more: bool, scores: usize): void {
  const row = f32x4.splat(scale);
  for (let t = 0; t < padded * 4; t += 16) {
    const x = f32x4.mul(f32x4.convert_i32x4_s(v128.load(sums + t)), v128.load(keyScales + t));
    const y = f32x4.mul(x, row);
    v128.store(scores + t, more ? f32x4.add(v128.load(scores + t), y) : y);
  }
}

/** Two rows of P by sixteen columns of V, [2, 16], times what makes the weights of each row sum to 1. */
function mix(
  p: usize,
  padded: i32,
  tokens: i32,
  v: usize,
  stride: i32,
  first: f32,
  second: f32,
  out: usize,
  outStride: i32,
): void {
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  let b0 = a0;
  let b1 = a0;
  let b2 = a0;
  let b3 = a0;
  const end = p + tokens * 4;
  const next = padded * 4;
  for (; p < end; p += 4, v += stride) {
    const x = v128.load32_splat(p);
    const y = v128.load32_splat(p + next);
    let z = v128.load(v);
    a0 = f32x4.add(a0, f32x4.mul(x, z));
    b0 = f32x4.add(b0, f32x4.mul(y, z));
    z = v128.load(v, 16);
    a1 = f32x4.add(a1, f32x4.mul(x, z));
    b1 = f32x4.add(b1, f32x4.mul(y, z));
    z = v128.load(v, 32);
    a2 = f32x4.add(a2, f32x4.mul(x, z));
    b2 = f32x4.add(b2, f32x4.mul(y, z));
    z = v128.load(v, 48);
    a3 = f32x4.add(a3, f32x4.mul(x, z));
    b3 = f32x4.add(b3, f32x4.mul(y, z));
  }
  store16(out, f32x4.splat(first), a0, a1, a2, a3);
  store16(out + outStride, f32x4.splat(second), b0, b1, b2, b3);
}

function store16(out: usize, factor: v128, a: v128, b: v128, c: v128, d: v128): void {
  v128.store(out, f32x4.mul(a, factor));
  v128.store(out, f32x4.mul(b, factor), 16);
  v128.store(out, f32x4.mul(c, factor), 32);
  v128.store(out, f32x4.mul(d, factor), 48);
}

/** Scores to 2^(score - greatest), in place, and zeros behind the last token; their sum. */
export function exponentiate(scores: usize, tokens: i32, padded: i32): f32 {
  for (let t = tokens; t < padded; t++) store<f32>(scores + t * 4, -f32.MAX_VALUE);
  let most = v128.load(scores);
  for (let t = 4; t < padded; t += 4) most = f32x4.pmax(most, v128.load(scores + t * 4));
  most = f32x4.splat(greatest(most));
  let mass = f32x4.splat(0);
  for (let t = 0; t < padded; t += 4) {
    const distance = f32x4.pmax(f32x4.sub(v128.load(scores + t * 4), most), f32x4.splat(-126));
    const p = exp2(distance);
    v128.store(scores + t * 4, p);
    mass = f32x4.add(mass, p);
  }
  return total(mass);
}
