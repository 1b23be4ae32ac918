// Real numbers with integer operations only, bit-identical to shaders/lib/dyadic.wgsl: fixed point, an i32 with FRACTION fractional bits,
// and dyadic, m 2^e, stored as the bits of the f32 of that value.

export const FRACTION = 14;
const MOST = 2 ** 31 - 1;

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** The bits of a number, rounded to f32. */
export function bitsOf(value: number): number {
  float[0] = value;
  return word[0];
}

/** The number that these are the bits of. */
export function numberOf(bits: number): number {
  word[0] = bits;
  return float[0];
}

/** The numbers of an array as bits. */
export function bitsOfAll({ buffer, byteOffset, length }: Float32Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length);
}

const isZero = (bits: number) => (bits & 0x7f800000) === 0;
const significand = (bits: number) => (bits & 0x7fffff) | 0x800000;
const exponent = (bits: number) => ((bits >>> 23) & 0xff) - 150;
const isNegative = (bits: number) => bits >>> 31 === 1;

/** round(value factor 2^places), halves away from zero; saturates at 2^31 - 1. */
export function scaled(value: number, factor: number, places: number): number {
  if (isZero(factor) || value === 0) return 0;
  const shift = exponent(factor) + places;
  const magnitude = shift > 7 ? MOST : shiftedProduct(Math.abs(value), significand(factor), shift);
  return value < 0 !== isNegative(factor) ? -magnitude : magnitude;
}

/** round(a b 2^shift), for shift <= 7 and b below 2^24. */
function shiftedProduct(a: number, b: number, shift: number): number {
  // Below 2^52 a half can be added to an f64 without rounding it.
  if (a < 2 ** 28) return Math.min(MOST, Math.floor(a * b * 2 ** shift + 0.5));
  const wide = BigInt(a) * BigInt(b);
  const right = BigInt(-shift);
  const result = shift >= 0 ? wide << -right : (wide + (1n << (right - 1n))) >> right;
  return result > BigInt(MOST) ? MOST : Number(result);
}

/** A dyadic number in fixed point. */
export function fixed(bits: number, places: number): number {
  return scaled(1, bits, places);
}

/** The bits of value 2^exponent, cut to 24 bits; value is a u32. */
export function dyadic(value: number, exponent: number): number {
  if (value === 0) return 0;
  const lead = Math.clz32(value);
  const biased = exponent + 158 - lead;
  if (biased < 1) return 0;
  return ((Math.min(biased, 254) << 23) | (((value << lead) >>> 8) & 0x7fffff)) >>> 0;
}

/** The bits of a fixed-point number. */
export function floatBits(value: number, places: number): number {
  return (dyadic(Math.abs(value), -places) | (value < 0 ? 0x80000000 : 0)) >>> 0;
}

/** The product of two dyadic numbers, cut to 24 bits. */
export function times(a: number, b: number): number {
  if (isZero(a) || isZero(b)) return 0;
  const high = Math.floor((significand(a) * significand(b)) / 2 ** 16);
  return (dyadic(high, exponent(a) + exponent(b) + 16) | ((a ^ b) & 0x80000000)) >>> 0;
}

/** 1 / n as a dyadic number, within 2^-15 of itself; n a u32 > 0. */
export function reciprocal(n: number): number {
  const lead = Math.clz32(n);
  return dyadic(Math.floor(0xffffffff / ((n << lead) >>> 15)), lead - 47);
}

/** floor(sqrt(v)) of a u32, by Newton's iteration from a power of two that is not below the root. */
export function squareRoot(v: number): number {
  if (v === 0) return 0;
  let root = 2 ** Math.floor((33 - Math.clz32(v)) / 2);
  for (let i = 0; i < 6; i++) root = Math.min(root, Math.floor((root + Math.floor(v / root)) / 2));
  return root;
}

/** round(127 value / peak), |value| <= peak: int8 with the scale int8Scale(peak). */
export function int8Step(value: number, peak: number): number {
  const excess = Math.max(9, Math.clz32(peak)) - Math.clz32(peak);
  const p = Math.max(peak >>> excess, 1);
  const step = Math.floor(((Math.abs(value) >>> excess) * 254 + p) / (2 * p));
  return value < 0 ? -step : step;
}

/** The bits of peak 2^-places / 127. */
export function int8Scale(peak: number, places: number): number {
  const lead = Math.clz32(peak) & 31;
  return dyadic(Math.floor(((peak << lead) >>> 0) / 127), -places - lead);
}
