// int8 to int16, which the dot product reads.

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
