// Real numbers with integer instructions only, so that every adapter computes the same bits. Two forms: fixed point, an i32 with FRACTION
// fractional bits, and dyadic, m 2^e, stored as the bits of the f32 of that value. src/quant/dyadic.ts is its counterpart.

const FRACTION: i32 = 14;
const MOST: u32 = 0x7fffffffu;

// a b, low word first.
fn product(a: u32, b: u32) -> vec2<u32> {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let middle = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let other = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
  return vec2<u32>((other << 16u) | (low & 0xffffu), (a >> 16u) * (b >> 16u) + (middle >> 16u) + (other >> 16u));
}

// A dyadic number is significand 2^exponent; one whose significand would be short (a denormal) is taken as zero.
fn is_zero(bits: u32) -> bool { return (bits & 0x7f800000u) == 0u; }
fn significand(bits: u32) -> u32 { return (bits & 0x7fffffu) | 0x800000u; }
fn exponent(bits: u32) -> i32 { return i32((bits >> 23u) & 0xffu) - 150; }

// value << shift, or round(value >> -shift) with halves up. What leaves 64 bits is lost.
fn shift_wide(value: vec2<u32>, shift: i32) -> vec2<u32> {
  if (shift >= 64 || shift < -64) { return vec2<u32>(0u); }
  if (shift >= 32) { return vec2<u32>(0u, value.x << u32(shift - 32)); }
  if (shift > 0) { return vec2<u32>(value.x << u32(shift), (value.y << u32(shift)) | (value.x >> u32(32 - shift))); }
  if (shift == 0) { return value; }
  let right = u32(-shift);
  let half = select(vec2<u32>(1u << (right - 1u), 0u), vec2<u32>(0u, 1u << ((right - 1u) & 31u)), right > 32u);
  let low = value.x + half.x;
  let high = value.y + half.y + select(0u, 1u, low < half.x);
  if (right == 64u) { return vec2<u32>(0u); }
  if (right >= 32u) { return vec2<u32>(high >> (right - 32u), 0u); }
  return vec2<u32>((low >> right) | (high << (32u - right)), high >> right);
}

// round(value factor 2^places), halves away from zero; saturates.
fn scaled(value: i32, factor: u32, places: i32) -> i32 {
  if (is_zero(factor) || value == 0) { return 0; }
  let shift = exponent(factor) + places;
  let wide = shift_wide(product(u32(abs(value)), significand(factor)), shift);
  let magnitude = i32(select(wide.x, MOST, wide.y != 0u || wide.x > MOST || shift > 7));
  return select(magnitude, -magnitude, (value < 0) != (factor >= 0x80000000u));
}

// A dyadic number in fixed point.
fn fixed(bits: u32, places: i32) -> i32 { return scaled(1, bits, places); }

// The bits of value 2^exponent, cut to 24 bits.
fn dyadic(value: u32, exponent: i32) -> u32 {
  if (value == 0u) { return 0u; }
  let lead = countLeadingZeros(value);
  let biased = exponent + 158 - i32(lead);
  if (biased < 1) { return 0u; }
  return (u32(min(biased, 254)) << 23u) | (((value << lead) >> 8u) & 0x7fffffu);
}

// The bits of a fixed-point number.
fn float_bits(value: i32, places: i32) -> u32 {
  return dyadic(u32(abs(value)), -places) | (bitcast<u32>(value) & 0x80000000u);
}

// The product of two dyadic numbers, cut to 24 bits.
fn times(a: u32, b: u32) -> u32 {
  if (is_zero(a) || is_zero(b)) { return 0u; }
  let high = product(significand(a) << 8u, significand(b) << 8u).y;
  return dyadic(high, exponent(a) + exponent(b) + 16) | ((a ^ b) & 0x80000000u);
}

// 1 / n as a dyadic number, within 2^-15 of itself; n > 0.
fn reciprocal(n: u32) -> u32 {
  let lead = countLeadingZeros(n);
  return dyadic(0xffffffffu / ((n << lead) >> 15u), i32(lead) - 47);
}

// floor(sqrt(v)), by Newton's iteration from a power of two that is not below the root: six steps do for every u32.
fn square_root(v: u32) -> u32 {
  if (v == 0u) { return 0u; }
  var root = 1u << ((33u - countLeadingZeros(v)) / 2u);
  for (var i = 0u; i < 6u; i++) { root = min(root, (root + v / root) >> 1u); }
  return root;
}

// int8 with a scale: round(127 value / peak), and peak 2^-places / 127.
fn int8_step(value: i32, peak: u32) -> i32 {
  let excess = max(9u, countLeadingZeros(peak)) - countLeadingZeros(peak);
  let p = max(peak >> excess, 1u);
  let step = i32(((u32(abs(value)) >> excess) * 254u + p) / (2u * p));
  return select(step, -step, value < 0);
}
fn int8_scale(peak: u32, places: i32) -> u32 {
  let lead = countLeadingZeros(peak) & 31u;
  return dyadic((peak << lead) / 127u, -places - i32(lead));
}
