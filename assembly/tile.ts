// Tiles of two rows by four columns of dot products of int16: the inner loops of every product of integers. Eight sums, two
// rows and one column are what fifteen registers hold; `i32x4.dot_i16x8_s` makes eight products and adds them in pairs, exactly.

/** Rows and columns of a tile. */
export const TILE_ROWS: i32 = 2;
export const TILE_COLUMNS: i32 = 4;

/**
 * Tiles below one another: the sums over k of a[row, k] w[column, k] as i32, of `rows` rows, of which one more is read and
 * written where they are odd, and four columns. Rows and columns have `length` bytes, a multiple of 16.
 */
export function sumRows(a: usize, rows: i32, length: usize, w: usize, out: usize, outStride: usize): void {
  const w1 = w + length;
  const w2 = w1 + length;
  const w3 = w2 + length;
  for (let r = 0; r < rows; r += TILE_ROWS) {
    const b = a + length;
    let a0 = i32x4.splat(0);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    let b0 = a0;
    let b1 = a0;
    let b2 = a0;
    let b3 = a0;
    for (let i: usize = 0; i < length; i += 16) {
      const x = v128.load(a + i);
      const y = v128.load(b + i);
      let z = v128.load(w + i);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(x, z));
      b0 = i32x4.add(b0, i32x4.dot_i16x8_s(y, z));
      z = v128.load(w1 + i);
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(x, z));
      b1 = i32x4.add(b1, i32x4.dot_i16x8_s(y, z));
      z = v128.load(w2 + i);
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(x, z));
      b2 = i32x4.add(b2, i32x4.dot_i16x8_s(y, z));
      z = v128.load(w3 + i);
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(x, z));
      b3 = i32x4.add(b3, i32x4.dot_i16x8_s(y, z));
    }
    v128.store(out, sums(a0, a1, a2, a3));
    v128.store(out + outStride, sums(b0, b1, b2, b3));
    a = b + length;
    out += 2 * outStride;
  }
}

/** The sum of the lanes of each. */
function sums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = i32x4.add(i32x4.shuffle(a, b, 0, 4, 1, 5), i32x4.shuffle(a, b, 2, 6, 3, 7));
  const cd = i32x4.add(i32x4.shuffle(c, d, 0, 4, 1, 5), i32x4.shuffle(c, d, 2, 6, 3, 7));
  return i32x4.add(i32x4.shuffle(ab, cd, 0, 1, 4, 5), i32x4.shuffle(ab, cd, 2, 3, 6, 7));
}
