// Products of rows of int16 with a panel of 64 columns of int8 weights, w [k / 16, n, 16]. Sixteen columns at a time become int16 with
// two values along k side by side: what `i32x4.dot_i16x8_s` multiplies by two values of a row, repeated. Its sums lie in their order.

import { GROUP } from "./widen";

/** Columns of a tile: two rows of them are eight sums, as many as fifteen registers hold. */
const COLUMNS: i32 = 16;
/** Bytes of two values of each as int16, and of their sums. */
const LENGTH: i32 = COLUMNS * 4;
/** Bytes of the sums of a row with a panel. */
export const SUMS: i32 = GROUP * 4;

/** [rows, 64] = the sums over `k` values of rows, `stride` bytes apart, with a panel at `w`. An odd row is made with one more. `scratch`: 32 k. */
export function sumPanel(
  a: usize,
  stride: i32,
  rows: i32,
  k: i32,
  w: usize,
  n: i32,
  sums: usize,
  scratch: usize,
): void {
  for (let c = 0; c < GROUP; c += COLUMNS) {
    packColumns(w + c * 16, n, k, scratch);
    for (let row = 0; row < rows; row += 2) {
      const first = a + row * stride;
      const out = sums + row * SUMS + c * 4;
      sumTile(first, first + stride, scratch, k * 2, out, out + SUMS);
    }
  }
}

/** Sixteen columns as [k / 2, 16, 2] int16. */
function packColumns(w: usize, n: i32, k: i32, to: usize): void {
  for (let i = 0; i < k; i += 16) {
    for (let c = 0; c < COLUMNS; c += 4) packFour(w + c * 16, to + c * 4);
    w += n * 16;
    to += 8 * LENGTH;
  }
}

/** Sixteen values of each of four columns. */
function packFour(w: usize, to: usize): void {
  const a = v128.load(w);
  const b = v128.load(w, 16);
  const c = v128.load(w, 32);
  const d = v128.load(w, 48);
  const ab = i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
  const cd = i16x8.shuffle(c, d, 0, 8, 1, 9, 2, 10, 3, 11);
  storePairs(i32x4.shuffle(ab, cd, 0, 4, 1, 5), to);
  storePairs(i32x4.shuffle(ab, cd, 2, 6, 3, 7), to + 2 * LENGTH);
  const ef = i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
  const gh = i16x8.shuffle(c, d, 4, 12, 5, 13, 6, 14, 7, 15);
  storePairs(i32x4.shuffle(ef, gh, 0, 4, 1, 5), to + 4 * LENGTH);
  storePairs(i32x4.shuffle(ef, gh, 2, 6, 3, 7), to + 6 * LENGTH);
}

function storePairs(bytes: v128, to: usize): void {
  v128.store(to, i16x8.extend_low_i8x16_s(bytes));
  v128.store(to + LENGTH, i16x8.extend_high_i8x16_s(bytes));
}

/** Two rows of `length` bytes by sixteen columns. Engines unroll the loop themselves; more by hand does not fit the registers. */
function sumTile(a: usize, b: usize, w: usize, length: i32, first: usize, second: usize): void {
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
  v128.store(first, a0);
  v128.store(first, a1, 16);
  v128.store(first, a2, 32);
  v128.store(first, a3, 48);
  v128.store(second, b0);
  v128.store(second, b1, 16);
  v128.store(second, b2, 32);
  v128.store(second, b3, 48);
}
