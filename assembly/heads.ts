// Heads of rows, normalized and rotated: src/kernels/prepare-heads.ts.

import { normalise } from "./layernorm";
import { quantizeGroups } from "./rows";

/**
 * Units [from, to) of images * rows * sets * heads: a head of a row each, `width` channels of `stride`. Of the bits of `normed` and `rotated`
 * the first is the first set's; `outScale` is 0 for f32 out. `scratch`: a head.
 */
export function prepareHeads(
  from: i32,
  to: i32,
  rows: i32,
  heads: i32,
  sets: i32,
  width: i32,
  stride: i32,
  normed: i32,
  rotated: i32,
  centered: i32,
  neighbors: i32,
  eps: f32,
  x: usize,
  gamma: usize,
  beta: usize,
  cosine: usize,
  sine: usize,
  out: usize,
  outScale: usize,
  scratch: usize,
): void {
  const parts = sets * heads;
  for (let unit = from; unit < to; unit++) {
    const which = (unit % parts) / heads;
    const table = which * stride * 4;
    const at = unit * stride;
    if ((normed >> which) & 1)
      normalise(x + at * 4, gamma + table, beta + table, scratch, width, stride, eps, centered);
    else memory.copy(scratch, x + at * 4, stride * 4);
    const angles = ((unit / parts) % rows) * stride * 4;
    if ((rotated >> which) & 1) rotate(scratch, width * 4, neighbors, cosine + angles, sine + angles);
    if (outScale) quantizeGroups(0, 1, stride, scratch, out + at, outScale + at / 16);
    else memory.copy(out + at * 4, scratch, stride * 4);
  }
}

/**
 * y cosine + partner sine, in place. The first of a pair has its partner negated; pairs are neighbors, or half of the `length` bytes apart.
 * The first ones are stored last: of neighbors they are all.
 */
function rotate(y: usize, length: i32, neighbors: i32, cosine: usize, sine: usize): void {
  const half = neighbors ? 0 : length / 2;
  for (const end = y + length - half; y < end; y += 16, cosine += 16, sine += 16) {
    const a = v128.load(y);
    const b = v128.load(y + half);
    const partner = neighbors ? i32x4.shuffle(a, f32x4.neg(a), 5, 0, 7, 2) : f32x4.neg(b);
    v128.store(y + half, turned(b, a, cosine + half, sine + half));
    v128.store(y, turned(a, partner, cosine, sine));
  }
}

function turned(y: v128, partner: v128, cosine: usize, sine: usize): v128 {
  return f32x4.add(f32x4.mul(y, v128.load(cosine)), f32x4.mul(partner, v128.load(sine)));
}
