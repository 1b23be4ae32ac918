// Products of rows of int16 with sixteen columns of int8 at a time, which become int16 with two values along k side by side: what
// `i32x4.dot_i16x8_s` multiplies by two values of a row, repeated. Its sums lie in the order of the columns. The columns are those of a
// panel of 64 of weights, w [k / 16, n, 16]; in attention they are rows of K, and channels of V.

import { GROUP } from "./widen";

/** Columns of a tile: two rows of them are eight sums, which fit in fifteen registers. */
const COLUMNS: i32 = 16;
/** Bytes of two values of each as int16, and of their sums. */
const LENGTH: i32 = COLUMNS * 4;
/** Bytes of the sums of a row with a panel. */
export const SUMS: i32 = GROUP * 4;

/**
 * The sums over `k` values of rows, `stride` bytes apart, with a panel at `w`: to out[rows, 64] as i32, or with T = f32 added to it,
 * times the row's scale, of which they are `scaleStride` bytes apart. An odd row is made with one more. `scratch`: 32 k.
 */
export function sumPanel<T>(
  a: usize,
  stride: i32,
  rows: i32,
  k: i32,
  w: usize,
  n: i32,
  scales: usize,
  scaleStride: i32,
  out: usize,
  scratch: usize,
): void {
  for (let c = 0; c < GROUP; c += COLUMNS) {
    packColumns(w + c * 16, n, k, scratch);
    sumSixteen<T>(a, stride, rows, k, scratch, scales, scaleStride, out + c * 4, SUMS);
  }
}

/** The same of sixteen columns that are int16 already; rows of `out` are `outStride` bytes apart. */
export function sumSixteen<T>(
  a: usize,
  stride: i32,
  rows: i32,
  k: i32,
  w: usize,
  scales: usize,
  scaleStride: i32,
  out: usize,
  outStride: i32,
): void {
  for (let row = 0; row < rows; row += 2) {
    const scale = scales + row * scaleStride;
    sumTile<T>(a + row * stride, stride, k * 2, w, scale, scaleStride, out + row * outStride, outStride);
  }
}

/** Sixteen columns as [k / 2, 16, 2] int16. */
function packColumns(w: usize, n: i32, k: i32, to: usize): void {
  for (let i = 0; i < k; i += 16) {
    for (let c = 0; c < COLUMNS; c += 4) {
      const at = w + c * 16;
      packFour(v128.load(at), v128.load(at, 16), v128.load(at, 32), v128.load(at, 48), to + c * 4);
    }
    w += n * 16;
    to += 8 * LENGTH;
  }
}

/** Packs `rows` rows of `groups` groups as columns: [groups, rows / 16, 32, 16, 2]. The last row is repeated in place of missing rows. */
export function packRows(from: usize, stride: i32, rows: i32, groups: i32, to: usize): void {
  for (let g = 0; g < groups; g++, from += GROUP)
    for (let row = 0; row < rows; row += COLUMNS)
      for (let i = 0; i < GROUP; i += 16, to += 8 * LENGTH)
        for (let r = 0; r < COLUMNS; r += 4) {
          const at = from + i;
          const a = v128.load(at + min(row + r, rows - 1) * stride);
          const b = v128.load(at + min(row + r + 1, rows - 1) * stride);
          const c = v128.load(at + min(row + r + 2, rows - 1) * stride);
          const d = v128.load(at + min(row + r + 3, rows - 1) * stride);
          packFour(a, b, c, d, to + r * 4);
        }
}

/** Packs 64 columns of `rows` rows, sixteen at a time: [4, 32, 16, 2]. With an odd number of rows, the last row is repeated. */
export function pairRows(from: usize, stride: i32, rows: i32, to: usize): void {
  for (let row = 0; row < rows; row += 2, to += LENGTH, from += 2 * stride)
    for (let c = 0; c < GROUP; c += COLUMNS) {
      const a = v128.load(from + c);
      const b = row + 1 < rows ? v128.load(from + stride + c) : a;
      const at = to + c * 2 * LENGTH;
      storeBytes(i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23), at, 16);
      storeBytes(
        i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31),
        at + 32,
        16,
      );
    }
}

/** Sixteen values of each of four columns. */
function packFour(a: v128, b: v128, c: v128, d: v128, to: usize): void {
  const ab = i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
  const cd = i16x8.shuffle(c, d, 0, 8, 1, 9, 2, 10, 3, 11);
  storeBytes(i32x4.shuffle(ab, cd, 0, 4, 1, 5), to, LENGTH);
  storeBytes(i32x4.shuffle(ab, cd, 2, 6, 3, 7), to + 2 * LENGTH, LENGTH);
  const ef = i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
  const gh = i16x8.shuffle(c, d, 4, 12, 5, 13, 6, 14, 7, 15);
  storeBytes(i32x4.shuffle(ef, gh, 0, 4, 1, 5), to + 4 * LENGTH, LENGTH);
  storeBytes(i32x4.shuffle(ef, gh, 2, 6, 3, 7), to + 6 * LENGTH, LENGTH);
}

/** Sixteen int8 as int16, the second eight of them `next` bytes behind the first. */
function storeBytes(bytes: v128, to: usize, next: i32): void {
  v128.store(to, i16x8.extend_low_i8x16_s(bytes));
  v128.store(to + next, i16x8.extend_high_i8x16_s(bytes));
}

/** Two rows by sixteen columns. Engines unroll the loop themselves; more by hand does not fit the registers. */
function sumTile<T>(
  a: usize,
  stride: i32,
  length: i32,
  w: usize,
  scale: usize,
  scaleStride: i32,
  out: usize,
  outStride: i32,
): void {
  let b = a + stride;
  let a0 = i32x4.splat(0);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  let b0 = a0;
  let b1 = a0;
  let b2 = a0;
  let b3 = a0;
  for (const end = a + length; a < end; a += 4, b += 4, w += LENGTH) {
    const x = v128.load32_splat(a);
    const y = v128.load32_splat(b);
    let z = v128.load(w);
    a0 = i32x4.add(a0, i32x4.dot_i16x8_s(x, z));
    b0 = i32x4.add(b0, i32x4.dot_i16x8_s(y, z));
    z = v128.load(w, 16);
    a1 = i32x4.add(a1, i32x4.dot_i16x8_s(x, z));
    b1 = i32x4.add(b1, i32x4.dot_i16x8_s(y, z));
    z = v128.load(w, 32);
    a2 = i32x4.add(a2, i32x4.dot_i16x8_s(x, z));
    b2 = i32x4.add(b2, i32x4.dot_i16x8_s(y, z));
    z = v128.load(w, 48);
    a3 = i32x4.add(a3, i32x4.dot_i16x8_s(x, z));
    b3 = i32x4.add(b3, i32x4.dot_i16x8_s(y, z));
  }
  finish<T>(out, scale, a0, a1, a2, a3);
  finish<T>(out + outStride, scale + scaleStride, b0, b1, b2, b3);
}

function finish<T>(out: usize, scale: usize, a: v128, b: v128, c: v128, d: v128): void {
  if (isFloat<T>()) {
    const factor = v128.load32_splat(scale);
    v128.store(out, f32x4.add(v128.load(out), f32x4.mul(f32x4.convert_i32x4_s(a), factor)));
    v128.store(out, f32x4.add(v128.load(out, 16), f32x4.mul(f32x4.convert_i32x4_s(b), factor)), 16);
    v128.store(out, f32x4.add(v128.load(out, 32), f32x4.mul(f32x4.convert_i32x4_s(c), factor)), 32);
    v128.store(out, f32x4.add(v128.load(out, 48), f32x4.mul(f32x4.convert_i32x4_s(d), factor)), 48);
  } else {
    v128.store(out, a);
    v128.store(out, b, 16);
    v128.store(out, c, 32);
    v128.store(out, d, 48);
  }
}
