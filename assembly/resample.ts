// Pillow's resize of bytes along one axis, as in src/image/resample.ts: sums of 22-bit weights that start at a half, shifted and clamped.

const PRECISION_BITS: i32 = 22;
const HALF: i32 = 1 << (PRECISION_BITS - 1);

/** Rows [from, to) of RGBA pixels, `width` of them, to `length` RGB pixels. */
export function resampleRows(
  from: i32,
  to: i32,
  width: i32,
  length: i32,
  taps: i32,
  starts: usize,
  weights: usize,
  data: usize,
  out: usize,
): void {
  for (let y = from; y < to; y++)
    for (let x = 0; x < length; x++) {
      const pixel = data + (y * width + load<i32>(starts + x * 4)) * 4;
      const row = weights + x * taps * 4;
      let sum = i32x4.splat(HALF);
      for (let t = 0; t < taps * 4; t += 4) {
        const wide = i16x8.extend_low_i8x16_u(v128.load32_zero(pixel + t));
        const product = i32x4.mul(i32x4.extend_low_i16x8_u(wide), v128.load32_splat(row + t));
        sum = i32x4.add(sum, product);
      }
      const at = out + (y * length + x) * 3;
      const bytes = clamped(sum, sum, sum, sum);
      v128.store16_lane(at, bytes, 0);
      v128.store8_lane(at, bytes, 2, 2);
    }
}

/** Rows [from, to) of `stride` bytes each, out of rows below one another. */
export function resampleColumns(
  from: i32,
  to: i32,
  stride: i32,
  taps: i32,
  starts: usize,
  weights: usize,
  data: usize,
  out: usize,
): void {
  for (let y = from; y < to; y++) {
    const first = data + load<i32>(starts + y * 4) * stride;
    const row = weights + y * taps * 4;
    let i = 0;
    for (; i + 16 <= stride; i += 16) v128.store(out + y * stride + i, sixteen(first + i, stride, taps, row));
    for (; i < stride; i++) store<u8>(out + y * stride + i, one(first + i, stride, taps, row));
  }
}

function sixteen(at: usize, stride: i32, taps: i32, weights: usize): v128 {
  let a = i32x4.splat(HALF);
  let b = a;
  let c = a;
  let d = a;
  for (let t = 0; t < taps; t++, at += stride) {
    const weight = v128.load32_splat(weights + t * 4);
    const low = v128.load8x8_u(at);
    const high = v128.load8x8_u(at, 8);
    a = i32x4.add(a, i32x4.mul(i32x4.extend_low_i16x8_u(low), weight));
    b = i32x4.add(b, i32x4.mul(i32x4.extend_high_i16x8_u(low), weight));
    c = i32x4.add(c, i32x4.mul(i32x4.extend_low_i16x8_u(high), weight));
    d = i32x4.add(d, i32x4.mul(i32x4.extend_high_i16x8_u(high), weight));
  }
  return clamped(a, b, c, d);
}

function one(at: usize, stride: i32, taps: i32, weights: usize): u8 {
  let sum = HALF;
  for (let t = 0; t < taps; t++) sum += load<i32>(weights + t * 4) * <i32>load<u8>(at + t * stride);
  return <u8>min<i32>(255, max<i32>(0, sum >> PRECISION_BITS));
}

/** Sums to bytes. */
function clamped(a: v128, b: v128, c: v128, d: v128): v128 {
  const low = i16x8.narrow_i32x4_s(i32x4.shr_s(a, PRECISION_BITS), i32x4.shr_s(b, PRECISION_BITS));
  const high = i16x8.narrow_i32x4_s(i32x4.shr_s(c, PRECISION_BITS), i32x4.shr_s(d, PRECISION_BITS));
  return i8x16.narrow_i16x8_u(low, high);
}
