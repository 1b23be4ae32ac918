// Real numbers by integers alone, as shaders/lib/dyadic.wgsl and src/quant/dyadic.ts have them to the last bit: fixed point, an
// i32 with FRACTION binary places, and dyadic, m 2^e, as the bits of the f32 of that value.

export const FRACTION: i32 = 14;
const MOST: u64 = 0x7fffffff;

/** Of a fixed-point number. */
export function magnitude(value: i32): u32 {
  return <u32>abs<i32>(value);
}

function isZero(bits: u32): bool {
  return (bits & 0x7f800000) === 0;
}

export function significand(bits: u32): u32 {
  return (bits & 0x7fffff) | 0x800000;
}

export function exponent(bits: u32): i32 {
  return <i32>((bits >> 23) & 0xff) - 150;
}

/** round(value 2^shift), halves up, for a shift of at most 7; value below 2^55. */
export function shifted(value: u64, shift: i32): u64 {
  if (shift >= 0) return value << shift;
  if (shift < -56) return 0;
  return (value + ((<u64>1) << (-shift - 1))) >> -shift;
}

/** round(value factor 2^places), halves away from zero; saturates. */
export function scaled(value: i32, factor: u32, places: i32): i32 {
  if (isZero(factor) || value === 0) return 0;
  const shift = exponent(factor) + places;
  const product = <u64>magnitude(value) * <u64>significand(factor);
  const result = <i32>(shift > 7 ? MOST : min<u64>(MOST, shifted(product, shift)));
  return value < 0 !== factor >= 0x80000000 ? -result : result;
}

/** A dyadic number in fixed point. */
export function fixed(bits: u32, places: i32): i32 {
  return scaled(1, bits, places);
}

/** The bits of value 2^exponent, cut to 24 bits. */
export function dyadic(value: u32, exponent: i32): u32 {
  if (value === 0) return 0;
  const lead = <i32>clz<u32>(value);
  const biased = exponent + 158 - lead;
  if (biased < 1) return 0;
  return ((<u32>min<i32>(biased, 254)) << 23) | (((value << lead) >> 8) & 0x7fffff);
}

/** The bits of a fixed-point number. */
export function floatBits(value: i32, places: i32): u32 {
  return dyadic(magnitude(value), -places) | (<u32>value & 0x80000000);
}

/** The product of two dyadic numbers, cut to 24 bits. */
export function times(a: u32, b: u32): u32 {
  if (isZero(a) || isZero(b)) return 0;
  const high = <u32>((<u64>significand(a) * <u64>significand(b)) >> 16);
  return dyadic(high, exponent(a) + exponent(b) + 16) | ((a ^ b) & 0x80000000);
}

/** 1 / n as a dyadic number, within 2^-15 of itself; n > 0. */
export function reciprocal(n: u32): u32 {
  const lead = <i32>clz<u32>(n);
  return dyadic(<u32>0xffffffff / ((n << lead) >> 15), lead - 47);
}

/** floor(sqrt(v)) by Newton's iteration. */
export function squareRoot(v: u32): u32 {
  if (v === 0) return 0;
  let root: u64 = (<u64>1) << ((33 - <i32>clz<u32>(v)) / 2);
  for (let i = 0; i < 6; i++) root = min<u64>(root, (root + <u64>v / root) >> 1);
  return <u32>root;
}

/** round(127 value / peak). */
export function int8Step(value: i32, peak: u32): i32 {
  const lead = <i32>clz<u32>(peak);
  const excess = max<i32>(9, lead) - lead;
  const p = max<u32>(peak >> excess, 1);
  const step = <i32>(((magnitude(value) >> excess) * 254 + p) / (2 * p));
  return value < 0 ? -step : step;
}

/** The bits of peak 2^-places / 127. */
export function int8Scale(peak: u32, places: i32): u32 {
  const lead = <i32>clz<u32>(peak) & 31;
  return dyadic((peak << lead) / 127, -places - lead);
}

/** The greatest magnitude of `count` fixed-point numbers. */
export function peakOfFixed(y: usize, count: i32): u32 {
  let peak = i32x4.splat(0);
  for (let c = 0; c < count * 4; c += 16) peak = i32x4.max_u(peak, i32x4.abs(v128.load(y + c)));
  const pairs = i32x4.max_u(peak, i32x4.shuffle(peak, peak, 2, 3, 0, 1));
  return i32x4.extract_lane(i32x4.max_u(pairs, i32x4.shuffle(pairs, pairs, 1, 0, 3, 2)), 0);
}

/** `count` fixed-point numbers to int8, with a scale for them all. */
export function quantizeFixed(y: usize, count: i32, out: usize, outScale: usize): void {
  const peak = peakOfFixed(y, count);
  for (let c = 0; c < count; c++) store<i8>(out + c, <i8>int8Step(load<i32>(y + c * 4), peak));
  store<u32>(outScale, int8Scale(peak, FRACTION));
}
