// int8 rows to int16 columns: V with its keys innermost, which a dot product with the weights of keys reads.

import { GROUP, GROUP_LENGTH } from "./widen";

/** Keys of a tile. */
const KEYS: i32 = 64;

/**
 * `tokens` rows of `groups` groups, `stride` bytes apart, as [groups, tiles of 64 rows, 64 channels, rows of the tile]. In the last
 * tile rows are padded to 8 with zeros; each tile has the place of a whole one.
 */
export function turnGroups(from: usize, stride: i32, tokens: i32, groups: i32, to: usize): void {
  for (let g = 0; g < groups; g++)
    for (let first = 0; first < tokens; first += KEYS, to += KEYS * GROUP_LENGTH) {
      const rows = min(KEYS, tokens - first);
      const length = ((rows + 7) & ~7) * 2;
      for (let r = 0; r < rows; r += 8)
        for (let c = 0; c < GROUP; c += 8)
          turn(
            from + (first + r) * stride + g * GROUP + c,
            stride,
            rows - r,
            to + c * length + r * 2,
            length,
          );
    }
}

/** Eight channels of eight rows; of rows that are not there, zeros. */
function turn(from: usize, stride: i32, rows: i32, to: usize, length: i32): void {
  const a = v128.load8x8_s(from);
  const b = rowOf(from, stride, 1, rows);
  const c = rowOf(from, stride, 2, rows);
  const d = rowOf(from, stride, 3, rows);
  const e = rowOf(from, stride, 4, rows);
  const f = rowOf(from, stride, 5, rows);
  const g = rowOf(from, stride, 6, rows);
  const h = rowOf(from, stride, 7, rows);
  turnHalf(lowPairs(a, b), lowPairs(c, d), lowPairs(e, f), lowPairs(g, h), to, length);
  turnHalf(highPairs(a, b), highPairs(c, d), highPairs(e, f), highPairs(g, h), to + 4 * length, length);
}

function rowOf(from: usize, stride: i32, i: i32, rows: i32): v128 {
  return i < rows ? v128.load8x8_s(from + i * stride) : i16x8.splat(0);
}

function lowPairs(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}
function highPairs(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

/** Four channels: pairs of rows side by side, to eight rows each. */
function turnHalf(ab: v128, cd: v128, ef: v128, gh: v128, to: usize, length: i32): void {
  const first = i32x4.shuffle(ab, cd, 0, 4, 1, 5);
  const second = i32x4.shuffle(ef, gh, 0, 4, 1, 5);
  v128.store(to, i64x2.shuffle(first, second, 0, 2));
  v128.store(to + length, i64x2.shuffle(first, second, 1, 3));
  const third = i32x4.shuffle(ab, cd, 2, 6, 3, 7);
  const fourth = i32x4.shuffle(ef, gh, 2, 6, 3, 7);
  v128.store(to + 2 * length, i64x2.shuffle(third, fourth, 0, 2));
  v128.store(to + 3 * length, i64x2.shuffle(third, fourth, 1, 3));
}
