// softmax(Q K^T / sqrt(head dim)) V in f32, whose softmax may have a quantizer's levels: src/kernels/attention-levels.ts.

import { exp2, greatest, total } from "./float";
import { levelOf, NONE } from "./levels";

/** Units [from, to) of images * heads * queries: a query row of a head each. `scratch`: scores [tokens, padded to 4]. */
export function attentionFloat(
  from: i32,
  to: i32,
  tokens: i32,
  queries: i32,
  heads: i32,
  channels: i32,
  scoreScale: f32,
  causal: i32,
  kind: i32,
  low: f32,
  high: f32,
  border: f32,
  stride: f32,
  shift: f32,
  scale: f32,
  second: f32,
  qkv: usize,
  out: usize,
  scratch: usize,
): void {
  const padded = (tokens + 3) & ~3;
  const rowBytes = 3 * heads * channels * 4;
  for (let unit = from; unit < to; unit++) {
    const query = unit % queries;
    const head = (unit / queries) % heads;
    const image = unit / queries / heads;
    const q = qkv + image * tokens * rowBytes + head * channels * 4;
    const k = q + heads * channels * 4;
    for (let t = 0; t < tokens; t++) {
      const score = dot(q + query * rowBytes, k + t * rowBytes, channels) * scoreScale;
      store<f32>(scratch + t * 4, score);
    }
    const mass = exponentiate(scratch, causal ? query + 1 : tokens, padded);
    for (let t = 0; t < tokens; t++) {
      const weight = load<f32>(scratch + t * 4) / mass;
      const level =
        kind === NONE ? weight : levelOf(kind, low, high, border, stride, shift, scale, second, weight);
      store<f32>(scratch + t * 4, level);
    }
    const y = out + ((image * queries + query) * heads + head) * channels * 4;
    mix(scratch, tokens, k + heads * channels * 4, rowBytes, channels, y);
  }
}

function dot(a: usize, b: usize, channels: i32): f32 {
  let sum = f32x4.splat(0);
  for (let c = 0; c < channels * 4; c += 16)
    sum = f32x4.add(sum, f32x4.mul(v128.load(a + c), v128.load(b + c)));
  return total(sum);
}

/** Rows of V, weighed. */
function mix(weights: usize, tokens: i32, v: usize, stride: i32, channels: i32, y: usize): void {
  memory.fill(y, 0, channels * 4);
  for (let t = 0; t < tokens; t++, v += stride) {
    const weight = v128.load32_splat(weights + t * 4);
    for (let c = 0; c < channels * 4; c += 16)
      v128.store(y + c, f32x4.add(v128.load(y + c), f32x4.mul(weight, v128.load(v + c))));
  }
}

/** Scores to 2^(score - greatest), in place, and nothing behind the last token; their sum. */
function exponentiate(scores: usize, tokens: i32, padded: i32): f32 {
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
