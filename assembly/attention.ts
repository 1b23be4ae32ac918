// softmax(scale Q K^T + bias) V, as docs/numerics.md describes it: int8 in and out with a scale per row and 64 channels. Both products
// are of integers; weights have 14 bits and one unit for 64 keys, with powers of two between tiles.

import {
  adjustScores,
  findParts,
  gatherRows,
  HIDDEN,
  headScale,
  rowAt,
  setOptions,
} from "./attention-options";
import { exp2, greatest, peakOf, quantize16, rounded, total } from "./float";
import { packRows, pairRows, sumSixteen } from "./panel";
import { GROUP, GROUP_LENGTH, widenGroups } from "./widen";

/** Query rows that go together. */
const ROWS: i32 = 16;
/** Keys of a tile. */
const KEYS: i32 = 64;
/** Keys or channels that a product takes at a time. */
const SIXTEEN: i32 = 16;
/** Bytes of 64 i32 or f32. */
const LINE: i32 = 256;
/** Below the greatest score of any tile. */
const LOWEST: f32 = -16777216;

/**
 * Units [from, to) of sequences * heads * queries: a query row of a head each. Rows of Q, K and V are `stride` bytes apart, Q's
 * `queryRows` a sequence; the options are those of attention-options.ts. `scratch`, with T the tokens, padded to 16, S the tiles of 64
 * keys and C the channels of a head: K as int16 [C / 64, T / 16, 32, 16, 2], its scales [C / 64, T], V as int16
 * [C / 64, S, 4, 32, 16, 2], both as panel.ts says, V's scales [C / 64, S, 64] and their units [C / 64, S], then what `attend` needs.
 */
export function attention(
  from: i32,
  to: i32,
  tokens: i32,
  queries: i32,
  queryRows: i32,
  heads: i32,
  groups: i32,
  scoreScale: f32,
  causal: i32,
  stride: i32,
  q: usize,
  qScale: usize,
  k: usize,
  kScale: usize,
  v: usize,
  vScale: usize,
  out: usize,
  outScale: usize,
  bias: usize,
  ownScales: i32,
  biasRows: i32,
  cosine: i32,
  gridWidth: i32,
  gridHeight: i32,
  windowWidth: i32,
  windowHeight: i32,
  shiftX: i32,
  shiftY: i32,
  scratch: usize,
): void {
  setOptions(
    bias,
    ownScales,
    biasRows,
    cosine,
    gridWidth,
    gridHeight,
    windowWidth,
    windowHeight,
    shiftX,
    shiftY,
  );
  const padded = (tokens + 15) & ~15;
  const tiles = (tokens + KEYS - 1) / KEYS;
  const channels = groups * GROUP;
  // Rows of K, then of V, then of Q.
  const rows = scratch;
  const rowScales = rows + padded * channels;
  const parts = rowScales + padded * groups * 4;
  const keys = parts + padded * 4;
  const keyScales = keys + padded * channels * 2;
  const values = keyScales + groups * padded * 4;
  const factors = values + tiles * KEYS * channels * 2;
  const units = factors + groups * tiles * LINE;
  const rest = units + ((groups * tiles * 4 + 15) & ~15);
  for (let unit = from; unit < to; ) {
    const head = (unit / queries) % heads;
    const sequence = unit / queries / heads;
    const first = unit % queries;
    const end = min(queries, first + to - unit);
    const at = head * channels;
    const scaleAt = head * groups * 4;
    gatherRows(0, tokens, sequence, tokens, groups, stride, k + at, kScale + scaleAt, true, rows, rowScales);
    packRows(rows, channels, tokens, groups, keys);
    loadScales(rowScales, tokens, padded, groups, headScale(head, scoreScale), keyScales);
    gatherRows(0, tokens, sequence, tokens, groups, stride, v + at, vScale + scaleAt, false, rows, rowScales);
    pairGroups(rows, channels, tokens, groups, values);
    loadFactors(rowScales, tokens, groups, factors, units);
    findParts(sequence, tokens, parts);
    for (let query = first; query < end; query += ROWS) {
      const last = min(query + ROWS, end);
      gatherRows(
        query,
        last,
        sequence,
        queryRows,
        groups,
        stride,
        q + at,
        qScale + scaleAt,
        true,
        rows,
        rowScales,
      );
      widenGroups(rows, channels, last - query, groups, ROWS, rest);
      attend(
        rest,
        last - query,
        sequence,
        queries,
        heads,
        head,
        query,
        causal ? query : tokens,
        rowScales,
        tokens,
        groups,
        keys,
        keyScales,
        values,
        factors,
        units,
        out,
        outScale,
      );
    }
    unit += end - first;
  }
}

function pairGroups(from: usize, stride: i32, tokens: i32, groups: i32, to: usize): void {
  for (let g = 0; g < groups; g++)
    for (let first = 0; first < tokens; first += KEYS, to += KEYS * GROUP_LENGTH)
      pairRows(from + first * stride + g * GROUP, stride, min(KEYS, tokens - first), to);
}

/** Scales of K [tokens, groups] as [groups, padded], times `factor`. */
function loadScales(from: usize, tokens: i32, padded: i32, groups: i32, factor: f32, to: usize): void {
  for (let g = 0; g < groups; g++) {
    const row = to + g * padded * 4;
    for (let t = 0; t < tokens; t++) store<f32>(row + t * 4, load<f32>(from + (t * groups + g) * 4) * factor);
    for (let t = tokens; t < padded; t++) store<f32>(row + t * 4, 0);
  }
}

/** Scales of V over the unit of their tile, [groups, tiles, 64], and the units, powers of two: a weight of 16383 is just below one. */
function loadFactors(from: usize, tokens: i32, groups: i32, to: usize, units: usize): void {
  for (let g = 0; g < groups; g++)
    for (let first = 0; first < tokens; first += KEYS, to += LINE, units += 4) {
      const length = min(KEYS, tokens - first);
      let most: u32 = 0;
      for (let t = 0; t < length; t++) {
        const scale = load<u32>(from + ((first + t) * groups + g) * 4);
        store<u32>(to + t * 4, scale);
        most = max<u32>(most, scale);
      }
      for (let t = length; t < KEYS; t++) store<f32>(to + t * 4, 0);
      const places = <i32>(most >> 23) - 126;
      const inverse = f32x4.splat(powerOfTwo(14 - places));
      for (let t = 0; t < LINE; t += 16) v128.store(to + t, f32x4.mul(v128.load(to + t), inverse));
      store<f32>(units, powerOfTwo(places - 14));
    }
}

function powerOfTwo(n: i32): f32 {
  return reinterpret<f32>((min<i32>(max<i32>(n, -126), 127) + 127) << 23);
}

/**
 * `rows` query rows of a sequence from `query` on, int16 [groups, ROWS, 64] at `q`, of which row r sees the keys up to `seen` + r. Behind
 * them are, with S tiles:
 * scores [ROWS, S, 64], what earlier tiles keep and what a tile adds [S, ROWS] each, and for a tile weights as int16 [ROWS, 64], sums
 * and totals [ROWS, 64] each, and the masses [ROWS].
 */
function attend(
  q: usize,
  rows: i32,
  sequence: i32,
  queries: i32,
  heads: i32,
  head: i32,
  query: i32,
  seen: i32,
  qScale: usize,
  tokens: i32,
  groups: i32,
  keys: usize,
  keyScales: usize,
  values: usize,
  factors: usize,
  units: usize,
  out: usize,
  outScale: usize,
): void {
  const tiles = (tokens + KEYS - 1) / KEYS;
  const stride = tiles * LINE;
  const scores = q + ROWS * groups * GROUP_LENGTH;
  const kept = scores + ROWS * stride;
  const added = kept + tiles * ROWS * 4;
  const weights = added + tiles * ROWS * 4;
  const sums = weights + ROWS * KEYS * 2;
  const totals = sums + ROWS * LINE;
  const masses = totals + ROWS * LINE;
  scoreRows(q, rows, qScale, tokens, groups, keys, keyScales, scores, stride, sums);
  for (let r = 0; r < rows; r++) {
    const at = r * 4;
    const length = min(tokens, seen + r + 1);
    adjustScores(scores + r * stride, head, query + r, tokens);
    store<f32>(masses + at, exponentiate(scores + r * stride, length, tokens, kept + at, added + at));
  }
  for (let g = 0; g < groups; g++) {
    for (let tile = 0; tile < tiles; tile++) {
      const length = ((min(KEYS, tokens - tile * KEYS) + 7) & ~7) * 2;
      const factor = factors + (g * tiles + tile) * LINE;
      for (let r = 0; r < rows; r++)
        weigh(scores + r * stride + tile * LINE, factor, length, weights + r * length);
      const v = values + (g * tiles + tile) * KEYS * GROUP_LENGTH;
      for (let c = 0; c < GROUP; c += SIXTEEN) {
        const channels = v + c * GROUP_LENGTH;
        sumSixteen<i32>(weights, length, rows, length / 2, channels, 0, 0, sums + c * 4, LINE);
      }
      const unit = load<f32>(units + (g * tiles + tile) * 4);
      for (let r = 0; r < rows; r++) {
        const at = (tile * ROWS + r) * 4;
        const step = load<f32>(added + at) * unit;
        addSums(sums + r * LINE, step, tile > 0, load<f32>(kept + at), totals + r * LINE);
      }
    }
    for (let r = 0; r < rows; r++) {
      const at = (rowAt(sequence, queries, query + r) * heads + head) * groups + g;
      quantizeTotals(totals + r * LINE, load<f32>(masses + r * 4), out + at * GROUP, outScale + at * 4);
    }
  }
}

/** Q K^T with its scales, [rows, tiles, 64]; a tile of sums at a time. */
function scoreRows(
  q: usize,
  rows: i32,
  qScale: usize,
  tokens: i32,
  groups: i32,
  keys: usize,
  keyScales: usize,
  scores: usize,
  stride: i32,
  sums: usize,
): void {
  const padded = (tokens + 15) & ~15;
  for (let g = 0; g < groups; g++) {
    const queries = q + g * ROWS * GROUP_LENGTH;
    for (let first = 0; first < padded; first += KEYS) {
      const length = min(KEYS, padded - first);
      for (let t = 0; t < length; t += SIXTEEN) {
        const k = keys + (g * padded + first + t) * GROUP_LENGTH;
        sumSixteen<i32>(queries, GROUP_LENGTH, rows, GROUP, k, 0, 0, sums + t * 4, LINE);
      }
      const scales = keyScales + (g * padded + first) * 4;
      for (let r = 0; r < rows; r++) {
        const scale = load<f32>(qScale + (r * groups + g) * 4);
        addScores(sums + r * LINE, scale, scales, length, g > 0, scores + r * stride + first * 4);
      }
    }
  }
}

/** scores = (or with `more` +=) sums scale keyScales. */
function addScores(sums: usize, scale: f32, keyScales: usize, length: i32, more: bool, scores: usize): void {
  const row = f32x4.splat(scale);
  for (let t = 0; t < length * 4; t += 16) {
    const x = f32x4.mul(f32x4.convert_i32x4_s(v128.load(sums + t)), row);
    const y = f32x4.mul(x, v128.load(keyScales + t));
    v128.store(scores + t, more ? f32x4.add(v128.load(scores + t), y) : y);
  }
}

/**
 * Scores to 2^(score - the greatest of the tile, rounded up), in place, nothing from `length` on to the last token, padded to 8. Of each tile what the others before
 * it keep and what it adds go to `kept` and `added`, ROWS apart. Their mass.
 */
function exponentiate(scores: usize, length: i32, tokens: i32, kept: usize, added: usize): f32 {
  const padded = (tokens + 7) & ~7;
  for (let t = length; t < padded; t++) store<f32>(scores + t * 4, HIDDEN);
  let mass: f32 = 0;
  let top = LOWEST;
  for (let first = 0; first < padded; first += KEYS) {
    const bytes = min(KEYS, padded - first) * 4;
    let most = v128.load(scores);
    for (let t = 16; t < bytes; t += 16) most = f32x4.pmax(most, v128.load(scores + t));
    const here = max<f32>(ceil<f32>(greatest(most)), LOWEST);
    most = f32x4.splat(here);
    let sum = f32x4.splat(0);
    // Two at a time share the constants, which engines create again in every iteration of a loop.
    for (let t = 0; t < bytes; t += 32) {
      const p = power(v128.load(scores + t), most);
      const q = power(v128.load(scores + t, 16), most);
      v128.store(scores + t, p);
      v128.store(scores + t, q, 16);
      sum = f32x4.add(sum, f32x4.add(p, q));
    }
    const next = max<f32>(top, here);
    const keep = powerOfTwo(<i32>(top - next));
    const add = powerOfTwo(<i32>(here - next));
    store<f32>(kept, keep);
    store<f32>(added, add);
    kept += ROWS * 4;
    added += ROWS * 4;
    mass = mass * keep + total(sum) * add;
    top = next;
    scores += LINE;
  }
  return mass;
}

/** 2^(score - most). */
function power(score: v128, most: v128): v128 {
  return exp2(f32x4.pmax(f32x4.sub(score, most), f32x4.splat(-126)));
}

/** Weights of 14 bits, as int16 of `length` bytes. */
function weigh(p: usize, factors: usize, length: i32, to: usize): void {
  const most = i16x8.splat(16383);
  for (let i = 0; i < length; i += 16) {
    const at = i * 2;
    const low = rounded(f32x4.mul(v128.load(p + at), v128.load(factors + at)));
    const high = rounded(f32x4.mul(v128.load(p + at, 16), v128.load(factors + at, 16)));
    v128.store(to + i, i16x8.min_s(i16x8.narrow_i32x4_s(low, high), most));
  }
}

/** totals = (with `more` totals kept +) sums step. */
function addSums(sums: usize, step: f32, more: bool, kept: f32, totals: usize): void {
  const unit = f32x4.splat(step);
  const keep = f32x4.splat(kept);
  for (let c = 0; c < LINE; c += 16) {
    const y = f32x4.mul(f32x4.convert_i32x4_s(v128.load(sums + c)), unit);
    v128.store(totals + c, more ? f32x4.add(f32x4.mul(v128.load(totals + c), keep), y) : y);
  }
}

/** 64 totals to int8, whose scale has the mass in it. */
function quantizeTotals(y: usize, mass: f32, out: usize, outScale: usize): void {
  const peak = peakOf(y, GROUP);
  const inverse = f32x4.splat(peak > 0 ? <f32>127.0 / peak : 0);
  for (let i = 0; i < 4; i++) v128.store(out + i * 16, quantize16(y + i * 64, inverse));
  store<f32>(outScale, peak / (<f32>127.0 * mass));
}
