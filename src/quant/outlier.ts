// Rows of LayerNorm in int8 except for one outlier: the arithmetic of shaders/lib/outlier.wgsl, which cites the source.

/** Numbers per row: its scale, the excess of its outlier over int8 in steps, and the outlier's channel; 0 and 0 without. */
export const ROW_SCALE = 3;

/**
 * The magnitude of 127 steps: the largest of the row or, if that is more than twice the second, the second, but at least a 128th of the
 * largest.
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
