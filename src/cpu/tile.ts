// Four rows by two lanes of f64 dot products: the inner loop of every matrix product on the CPU.

/** Sums that one call makes: [4 rows, 2 lanes]. */
export const TILE_ROWS = 4;
export const TILE_LANES = 2;

/**
 * sums[r, lane] = the sum over i in [from, to) of a[at + r * stride + i] * lanes[i, lane]. Eight sums and six operands fit in sixteen
 * registers.
 */
export function tile(
  a: Float64Array,
  at: number,
  stride: number,
  lanes: Float64Array,
  from: number,
  to: number,
  sums: Float64Array,
): void {
  const row1 = at + stride;
  const row2 = row1 + stride;
  const row3 = row2 + stride;
  let s00 = 0;
  let s01 = 0;
  let s10 = 0;
  let s11 = 0;
  let s20 = 0;
  let s21 = 0;
  let s30 = 0;
  let s31 = 0;
  for (let i = from; i < to; i++) {
    const p = lanes[2 * i];
    const q = lanes[2 * i + 1];
    const x0 = a[at + i];
    const x1 = a[row1 + i];
    const x2 = a[row2 + i];
    const x3 = a[row3 + i];
    s00 += x0 * p;
    s01 += x0 * q;
    s10 += x1 * p;
    s11 += x1 * q;
    s20 += x2 * p;
    s21 += x2 * q;
    s30 += x3 * p;
    s31 += x3 * q;
  }
  sums[0] = s00;
  sums[1] = s01;
  sums[2] = s10;
  sums[3] = s11;
  sums[4] = s20;
  sums[5] = s21;
  sums[6] = s30;
  sums[7] = s31;
}
