// Symmetric int8 quantization of weights, on the CPU in f64: the same bits on every machine, at load or in a file.

const NEIGHBOURS = [
  [1, 0, 7],
  [-1, 1, 3],
  [0, 1, 5],
  [1, 1, 1],
] as const;

/** Added to an f64 below 2^51, it leaves the number rounded, ties to even. */
const ROUNDER = 1.5 * 2 ** 52;

/**
 * Quantizes one output channel: scale = max |w| / 127 rounded to f32, q = round(w / scale) within [-127, 127], ties away from zero. Writes
 * `values.length` integers to `out` and returns the scale. The caller rejects NaN and infinity. With `side`, the row is planes of side x
 * side weights of pixels, and each rounding error is passed on to the neighbors: neighboring pixels are alike, so the errors cancel.
 */
export function quantizeRow(values: Float32Array, out: Int8Array, side = 0): number {
  let peak = 0;
  for (let i = 0; i < values.length; i++) peak = Math.max(peak, Math.abs(values[i]));
  const scale = Math.fround(peak / 127);
  const inverse = scale > 0 ? 1 / scale : 0;
  const carried = new Float64Array(side && values.length);
  for (let i = 0; i < values.length; i++) {
    const scaled = values[i] * inverse + (side && carried[i]);
    const rounded = nearest(scaled);
    out[i] = rounded > 127 ? 127 : rounded < -127 ? -127 : rounded;
    if (side) diffuse(carried, side, i, scaled - out[i]);
  }
  return scale;
}

/** Ties away from zero; no branch except for a tie, because signs of weights cannot be predicted. */
function nearest(x: number): number {
  const even = x + ROUNDER - ROUNDER;
  return Math.abs(x - even) === 0.5 ? x + Math.sign(x) * 0.5 : even;
}

/** Hands an error on to the right and to the row below (Floyd and Steinberg 1976, "An adaptive algorithm for spatial greyscale"). */
function diffuse(carried: Float64Array, side: number, at: number, error: number): void {
  const [x, y] = [at % side, Math.floor(at / side) % side];
  for (const [dx, dy, sixteenths] of NEIGHBOURS)
    if (x + dx >= 0 && x + dx < side && y + dy < side)
      carried[at + dy * side + dx] += (error * sixteenths) / 16;
}

/** A weight `[rows, values.length / rows]` channel by channel; `side` as in `quantizeRow`. */
export function quantizeRows(
  values: Float32Array,
  rows: number,
  side?: number,
): { q: Int8Array; scale: Float32Array } {
  const q = new Int8Array(values.length);
  const scale = new Float32Array(rows);
  const k = values.length / rows;
  for (let row = 0; row < rows; row++) {
    const from = row * k;
    scale[row] = quantizeRow(values.subarray(from, from + k), q.subarray(from, from + k), side);
  }
  return { q, scale };
}
