// What attention may have in addition to Q, K and V of an image's rows: windows, a bias, a scale for each head, cosines, as in
// src/kernels/attention-wide.ts. They are in globals, which each thread has for itself.

import { total } from "./float";
import { GROUP } from "./widen";

/** The score of a key that a query does not see. */
export const HIDDEN: f32 = -3.0e38;

/** The heads' scales if they have their own, then the biases [heads, rows, keys], both in base 2. */
let scales: usize = 0;
let biases: usize = 0;
let biasRows: i32 = 0;
let cosine: bool = false;
/** The grid of an image's tokens, 0 without windows; its windows; how far they are shifted. */
let gridWidth: i32 = 0;
let gridHeight: i32 = 0;
let width: i32 = 0;
let height: i32 = 0;
let shiftX: i32 = 0;
let shiftY: i32 = 0;
/** The part of each key of a sequence, as an f32. */
let parts: usize = 0;

export function setOptions(
  bias: usize,
  ownScales: i32,
  biased: i32,
  cosines: i32,
  gridColumns: i32,
  gridRows: i32,
  columns: i32,
  rows: i32,
  shiftColumns: i32,
  shiftRows: i32,
): void {
  scales = ownScales ? bias : 0;
  biases = bias + ownScales * 4;
  biasRows = biased;
  cosine = cosines !== 0;
  gridWidth = gridColumns;
  gridHeight = gridRows;
  width = columns;
  height = rows;
  shiftX = shiftColumns;
  shiftY = shiftRows;
}

/** The scores' factor of a head; `scale` without its own. */
export function headScale(head: i32, scale: f32): f32 {
  return scales ? load<f32>(scales + head * 4) : scale;
}

/** The row of all images' rows that is number `i` of a sequence; `rows`: of an image, without windows. */
export function rowAt(sequence: i32, rows: i32, i: i32): i32 {
  if (gridWidth === 0) return sequence * rows + i;
  const across = gridWidth / width;
  const count = across * (gridHeight / height);
  const window = sequence % count;
  const y = ((window / across) * height + i / width + shiftY) % gridHeight;
  const x = ((window % across) * width + (i % width) + shiftX) % gridWidth;
  return ((sequence / count) * gridHeight + y) * gridWidth + x;
}

/**
 * Rows [from, to) of a head and sequence next to one another, int8 [rows, 64 groups], with their scales [rows, groups]. Those of Q and K
 * (`isFactor`) are divided by the rows' lengths where scores are cosines.
 */
export function gatherRows(
  from: i32,
  to: i32,
  sequence: i32,
  rows: i32,
  groups: i32,
  stride: i32,
  x: usize,
  xScale: usize,
  isFactor: bool,
  out: usize,
  outScale: usize,
): void {
  for (let i = from; i < to; i++) {
    const at = rowAt(sequence, rows, i) * stride;
    const scale = xScale + at / 16;
    for (let c = 0; c < groups * GROUP; c += 16) v128.store(out + c, v128.load(x + at + c));
    const inverse: f32 = isFactor && cosine ? inverseLength(out, scale, groups) : 1;
    for (let g = 0; g < groups; g++, outScale += 4) store<f32>(outScale, load<f32>(scale + g * 4) * inverse);
    out += groups * GROUP;
  }
}

/** 1 / the length of a row of a head. */
function inverseLength(x: usize, scale: usize, groups: i32): f32 {
  let squares: f32 = 0;
  for (let g = 0; g < groups; g++) {
    let sum = i32x4.splat(0);
    for (const end = x + GROUP; x < end; x += 8) {
      const wide = v128.load8x8_s(x);
      sum = i32x4.add(sum, i32x4.dot_i16x8_s(wide, wide));
    }
    const factor = load<f32>(scale + g * 4);
    squares += total(f32x4.convert_i32x4_s(sum)) * factor * factor;
  }
  return <f32>1.0 / max<f32>(sqrt<f32>(squares), 1e-12);
}

/** To `to`, which side of the border each key of a window lies on that a shift has moved into it: keys see those of their own part. */
export function findParts(sequence: i32, keys: i32, to: usize): void {
  parts = shiftX + shiftY > 0 ? to : 0;
  if (!parts) return;
  const across = gridWidth / width;
  const down = gridHeight / height;
  const window = sequence % (across * down);
  const right = window % across === across - 1 ? width - shiftX : width;
  const bottom = window / across === down - 1 ? height - shiftY : height;
  for (let i = 0; i < keys; i++)
    store<f32>(to + i * 4, <f32>(<i32>(i % width >= right) + 2 * <i32>(i / width >= bottom)));
}

/** Scores of a query with their bias, HIDDEN those of keys in other parts of the window. */
export function adjustScores(scores: usize, head: i32, query: i32, keys: i32): void {
  const bias = biases + (head * biasRows + query) * keys * 4;
  if (biasRows)
    for (let t = 0; t < keys * 4; t += 16)
      v128.store(scores + t, f32x4.add(v128.load(scores + t), v128.load(bias + t)));
  if (!parts) return;
  const own = v128.load32_splat(parts + query * 4);
  for (let t = 0; t < keys * 4; t += 16) {
    const isSeen = f32x4.eq(v128.load(parts + t), own);
    v128.store(scores + t, v128.bitselect(v128.load(scores + t), f32x4.splat(HIDDEN), isSeen));
  }
}
