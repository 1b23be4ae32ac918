// Rows of LayerNorm in int8 but for one outlier: the arithmetic of shaders/lib/outlier.wgsl, which has the source.

/** What goes with such a row: its scale, what its outlier has beyond int8 in steps of it, and the outlier's channel; 0 and 0 without. */
export const ROW_SCALE = 3;

/**
 * The magnitude that 127 steps stand for: the greatest of the row or, where that is more than twice the second, the second,
 * and a 128th of the greatest at least.
 */
export function limitOf(row: Float32Array): number {
  let first = 0;
  let second = 0;
  for (let i = 0; i < row.length; i++) {
    const magnitude = Math.abs(row[i]);
    second = Math.max(second, Math.min(first, magnitude));
    first = Math.max(first, magnitude);
  }
  return first > 2 * second ? Math.max(second, first / 128) : first;
}
