// The one packed weight layout that every int8 GEMM variant reads.

/** Values of K in one `vec4<u32>`. */
const STEP = 16;

/**
 * int8 weights `[n, k]` row by row -> `[k / 16, n, 16]`: sixteen values of K of one output channel are one `vec4<u32>`, and neighboring
 * channels are neighbors. n and k are padded sizes; `values` has exactly n * k elements.
 */
export function packWeights(values: Int8Array, n: number, k: number): Int8Array {
  const packed = new Int8Array(n * k);
  for (let row = 0; row < n; row++) packRow(packed, n, row, values.subarray(row * k, (row + 1) * k));
  return packed;
}

/** Writes one output channel's values, from `firstK` (a multiple of 16) on, into `packed`, which has `n` channels. */
export function packRow(packed: Int8Array, n: number, row: number, values: Int8Array, firstK = 0): void {
  for (let k = 0; k < values.length; k += STEP)
    packed.set(
      values.subarray(k, Math.min(k + STEP, values.length)),
      (((firstK + k) / STEP) * n + row) * STEP,
    );
}
