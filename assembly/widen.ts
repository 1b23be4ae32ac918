// int8 to int16, which the dot product reads: rows of activations once, weights a panel of 64 columns at a time.

/** Columns of a panel, and values along k of a group: what shares a scale of activations. */
export const GROUP: i32 = 64;
/** Bytes of a group as int16. */
export const GROUP_LENGTH: i32 = 128;

/** `count` values, a multiple of 16. */
export function widen(from: usize, to: usize, count: i32): void {
  const end = from + count;
  for (; from < end; from += 16, to += 32) {
    v128.store(to, v128.load8x8_s(from));
    v128.store(to, v128.load8x8_s(from, 8), 16);
  }
}

/** `rows` rows of `groups` groups, `stride` bytes apart, as [groups, length, 64]. */
export function widenGroups(from: usize, stride: i32, rows: i32, groups: i32, length: i32, to: usize): void {
  for (let g = 0; g < groups; g++) {
    const at = to + g * length * GROUP_LENGTH;
    for (let r = 0; r < rows; r++) widen(from + r * stride + g * GROUP, at + r * GROUP_LENGTH, GROUP);
  }
}

/** Columns [column, column + 64) of w [k / 16, n, 16] as [64, k]. */
export function widenColumns(w: usize, n: i32, k: i32, column: i32, to: usize): void {
  for (let i = 0; i < k; i += 16) sixteens(w + ((i / 16) * n + column) * 16, k * 2, to + i * 2);
}

/** The same as [k / 64, 64, 64]. */
export function widenColumnGroups(w: usize, n: i32, k: i32, column: i32, to: usize): void {
  for (let i = 0; i < k; i += 16) {
    const group = to + (i / GROUP) * GROUP * GROUP_LENGTH;
    sixteens(w + ((i / 16) * n + column) * 16, GROUP_LENGTH, group + (i % GROUP) * 2);
  }
}

/** Sixteen values of each of 64 columns, to int16 `stride` bytes apart. */
function sixteens(from: usize, stride: i32, to: usize): void {
  for (let c = 0; c < GROUP; c++) {
    widen(from, to, 16);
    from += 16;
    to += stride;
  }
}
