// Activations to int8 while the network runs: the arithmetic of shaders/lib/pack.wgsl.

/** Adding and taking it away rounds an f64 to an integer, ties to even, as WGSL's round does. */
const ROUNDER = 1.5 * 2 ** 52;

/** Each `width` neighbours of y get one scale: scale = max |y| / 127, out = round(y / scale). */
export function quantizeGroups(y: Float32Array, width: number, out: Int8Array, outScale: Float32Array): void {
  for (let group = 0; group * width < y.length; group++) {
    const from = group * width;
    const end = from + width;
    let peak = 0;
    for (let i = from; i < end; i++) peak = Math.max(peak, Math.abs(y[i]));
    const inverse = peak > 1e-30 ? 127 / peak : 0;
    for (let i = from; i < end; i++) out[i] = y[i] * inverse + ROUNDER - ROUNDER;
    outScale[group] = peak / 127;
  }
}
