// softmax(Q K^T / sqrt(head dim)) V in integers alone: shaders/attention_integer.wgsl to the last bit.

import { exponent, FRACTION, quantizeFixed, reciprocal, scaled, times } from "./dyadic";
import { powerOf } from "./nonlinear";
import { packRows, sumSixteen } from "./panel";
import { GROUP, GROUP_LENGTH, widenGroups } from "./widen";

/**
 * Units [from, to) of images * heads * queries: a query row of a head each; scales are the bits of f32. `scratch`, with T the
 * tokens, padded to 16, and C the channels of a head: K as int16 [C / 64, T / 16, 32, 16, 2] as panel.ts says, two rows of Q, sums of two rows [2, T], scores
 * and weights [T], and 64 outputs.
 */
export function attentionInteger(
  from: i32,
  to: i32,
  tokens: i32,
  queries: i32,
  heads: i32,
  groups: i32,
  form: i32,
  scoreScale: u32,
  qkv: usize,
  qkvScale: usize,
  out: usize,
  outScale: usize,
  scratch: usize,
): void {
  const padded = (tokens + 15) & ~15;
  const channels = groups * GROUP;
  const rowBytes = 3 * heads * channels;
  const scaleBytes = 3 * heads * groups * 4;
  const q16 = scratch + padded * channels * 2;
  const sums = q16 + 2 * channels * 2;
  const scores = sums + 2 * padded * 4;
  const weights = scores + padded * 4;
  const y = weights + padded * 4;
  let loaded = -1;
  for (let unit = from; unit < to; unit++) {
    const query = unit % queries;
    const head = (unit / queries) % heads;
    const image = unit / queries / heads;
    const q = qkv + image * tokens * rowBytes + head * channels;
    const scales = qkvScale + image * tokens * scaleBytes + head * groups * 4;
    if (loaded !== unit / queries) packRows(q + heads * channels, rowBytes, tokens, groups, scratch);
    loaded = unit / queries;
    widenGroups(q + query * rowBytes, rowBytes, 1, groups, 2, q16);
    memory.fill(scores, 0, padded * 4);
    for (let g = 0; g < groups; g++) {
      const row = q16 + g * 2 * GROUP_LENGTH;
      for (let t = 0; t < padded; t += 16) {
        const k = scratch + (g * padded + t) * GROUP_LENGTH;
        sumSixteen<i32>(row, GROUP_LENGTH, 1, GROUP, k, 0, 0, sums + t * 4, padded * 4);
      }
      const scale = times(load<u32>(scales + query * scaleBytes + g * 4), scoreScale);
      addScores(sums, scale, scales + (heads * groups + g) * 4, scaleBytes, tokens, scores);
    }
    const mass = reciprocal(weigh(form, scores, tokens, weights));
    for (let g = 0; g < groups; g++) {
      const at = ((image * queries + query) * heads + head) * groups + g;
      const valueScales = scales + (2 * heads * groups + g) * 4;
      const values = q + 2 * heads * channels + g * GROUP;
      mix(weights, valueScales, scaleBytes, values, rowBytes, tokens, mass, y);
      quantizeFixed(y, GROUP, out + at * GROUP, outScale + at * 4);
    }
  }
}

/** With 16 binary places, in base 2. */
function addScores(sums: usize, scale: u32, keyScales: usize, stride: i32, tokens: i32, scores: usize): void {
  for (let t = 0; t < tokens; t++) {
    const score = scaled(load<i32>(sums + t * 4), times(scale, load<u32>(keyScales + t * stride)), 16);
    store<i32>(scores + t * 4, load<i32>(scores + t * 4) + score);
  }
}

/** Weights of so few places that 127 times their sum stays below 2^31; their sum. */
function weigh(form: i32, scores: usize, tokens: i32, weights: usize): u32 {
  let greatest = i32.MIN_VALUE;
  for (let t = 0; t < tokens; t++) greatest = max<i32>(greatest, load<i32>(scores + t * 4));
  const excess = 32 - <i32>clz<u32>(<u32>(tokens - 1) >> 9);
  let mass: u32 = 0;
  for (let t = 0; t < tokens; t++) {
    const power = powerOf(form, <u32>(greatest - load<i32>(scores + t * 4)));
    const weight = (power + (((<u32>1) << excess) >> 1)) >> excess;
    store<u32>(weights + t * 4, weight);
    mass += weight;
  }
  return mass;
}

/** One group of 64 channels, with 14 binary places. */
function mix(
  weights: usize,
  scales: usize,
  scaleStride: i32,
  values: usize,
  stride: i32,
  tokens: i32,
  mass: u32,
  y: usize,
): void {
  let greatest: u32 = 0;
  for (let t = 0; t < tokens; t++) greatest = max<u32>(greatest, load<u32>(scales + t * scaleStride));
  const places = -24 - exponent(greatest);
  memory.fill(y, 0, GROUP * 4);
  for (let t = 0; t < tokens; t++) {
    const weight = scaled(load<i32>(weights + t * 4), load<u32>(scales + t * scaleStride), places);
    if (weight !== 0) addProducts(i32x4.splat(weight), values + t * stride, y);
  }
  for (let c = 0; c < GROUP * 4; c += 4) store<i32>(y + c, scaled(load<i32>(y + c), mass, FRACTION - places));
}

/** y += weight values, 64 of each. */
function addProducts(weight: v128, values: usize, y: usize): void {
  for (let c = 0; c < GROUP; c += 8) {
    const wide = v128.load8x8_s(values + c);
    const at = y + c * 4;
    const low = i32x4.mul(weight, i32x4.extend_low_i16x8_s(wide));
    const high = i32x4.mul(weight, i32x4.extend_high_i16x8_s(wide));
    v128.store(at, i32x4.add(v128.load(at), low));
    v128.store(at, i32x4.add(v128.load(at, 16), high), 16);
  }
}
