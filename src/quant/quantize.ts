// Symmetric int8 quantisation of weights, on the CPU in f64: the same bits on every machine, at load or in a file.

/**
 * One output channel: scale = max |w| / 127 rounded to f32, q = round(w / scale) within [-127, 127]; ties away from
 * zero. Writes `values.length` integers to `out`, returns the scale; NaN and infinity are refused by the caller.
 */
export function quantizeRow(values: Float32Array, out: Int8Array): number {
  let peak = 0;
  for (let i = 0; i < values.length; i++) {
    const magnitude = Math.abs(values[i]);
    if (magnitude > peak) peak = magnitude;
  }
  const scale = Math.fround(peak / 127);
  const inverse = scale > 0 ? 1 / scale : 0;
  for (let i = 0; i < values.length; i++) {
    const scaled = values[i] * inverse;
    const rounded = scaled < 0 ? -Math.floor(0.5 - scaled) : Math.floor(scaled + 0.5);
    out[i] = rounded > 127 ? 127 : rounded < -127 ? -127 : rounded;
  }
  return scale;
}

/** A weight `[rows, values.length / rows]` channel by channel. */
export function quantizeRows(values: Float32Array, rows: number): { q: Int8Array; scale: Float32Array } {
  const q = new Int8Array(values.length);
  const scale = new Float32Array(rows);
  const k = values.length / rows;
  for (let row = 0; row < rows; row++) {
    const from = row * k;
    scale[row] = quantizeRow(values.subarray(from, from + k), q.subarray(from, from + k));
  }
  return { q, scale };
}
