// Four f32 at a time: powers of 2, sums and maxima of lanes, rounding to int8.

/** Added to a number below 2^22, it leaves the number rounded, ties to even, in the lowest bits. */
const ROUNDER: f32 = 12582912.0;
const ROUNDER_BITS: i32 = 0x4b400000;

/** round(x), ties to even, as i32, for |x| < 2^22. */
export function rounded(x: v128): v128 {
  return i32x4.sub(f32x4.add(x, f32x4.splat(ROUNDER)), i32x4.splat(ROUNDER_BITS));
}

/** 2^x for -126 <= x <= 126: Cephes' exp2f, within 2e-7 of itself. */
export function exp2(x: v128): v128 {
  const shifted = f32x4.add(x, f32x4.splat(ROUNDER));
  const f = f32x4.sub(x, f32x4.sub(shifted, f32x4.splat(ROUNDER)));
  let p = f32x4.splat(1.5353361883195e-4);
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(1.339887440266574e-3));
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(9.61843735767464e-3));
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(5.550332471162809e-2));
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(2.402264791363012e-1));
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(6.931472028550421e-1));
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(1.0));
  // The lowest bits of `shifted` are the whole exponent: as an f32, times 2^that.
  return i32x4.add(p, i32x4.shl(shifted, 23));
}

/** The greatest of four lanes. */
export function greatest(x: v128): f32 {
  const pairs = f32x4.pmax(x, i32x4.shuffle(x, x, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.pmax(pairs, i32x4.shuffle(pairs, pairs, 1, 0, 3, 2)), 0);
}

/** The sum of four lanes. */
export function total(x: v128): f32 {
  const pairs = f32x4.add(x, i32x4.shuffle(x, x, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.add(pairs, i32x4.shuffle(pairs, pairs, 1, 0, 3, 2)), 0);
}

/** The greatest magnitude of `count` values, a multiple of 4. */
export function peakOf(y: usize, count: i32): f32 {
  let peak = f32x4.splat(0);
  for (let c = 0; c < count * 4; c += 16) peak = f32x4.pmax(peak, f32x4.abs(v128.load(y + c)));
  return greatest(peak);
}

/** 127 / peak, or 0 for a peak of nothing. */
export function inverseScale(peak: f32): f32 {
  return peak > 1e-30 ? 127.0 / peak : 0.0;
}

/** Sixteen f32 times `inverse`, to int8. */
export function quantize16(y: usize, inverse: v128): v128 {
  const a = rounded(f32x4.mul(v128.load(y), inverse));
  const b = rounded(f32x4.mul(v128.load(y, 16), inverse));
  const c = rounded(f32x4.mul(v128.load(y, 32), inverse));
  const d = rounded(f32x4.mul(v128.load(y, 48), inverse));
  return i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
}

/** A group of 64 f32 to int8, with peak / 127 as its scale. */
export function quantizeGroup(y: usize, peak: f32, out: usize, outScale: usize): void {
  const inverse = f32x4.splat(inverseScale(peak));
  for (let i = 0; i < 4; i++) v128.store(out + i * 16, quantize16(y + i * 64, inverse));
  store<f32>(outScale, peak / 127.0);
}
