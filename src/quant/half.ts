// f32 to IEEE half, which Node 20 has no array for.

const bits = new Uint32Array(1);
const value = new Float32Array(bits.buffer);

/** Rounds to nearest even; values above 65504 become infinity. */
export function toHalf(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, half);
}

function half(x: number): number {
  value[0] = Math.abs(x);
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  if (!(value[0] < 65520)) return sign | (Number.isNaN(x) ? 0x7e00 : 0x7c00);
  if (value[0] < 2 ** -14) {
    // A subnormal: adding 0.5 leaves its multiples of 2^-24 in the last bits, rounded as f32 rounds.
    value[0] += 0.5;
    return sign | (bits[0] & 0x7ff);
  }
  const even = (bits[0] >>> 13) & 1;
  return sign | ((bits[0] - (112 << 23) + 0xfff + even) >>> 13);
}
