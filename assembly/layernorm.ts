// LayerNorm over rows [from, to), as in src/kernels/layernorm.ts.

import { greatest, inverseScale, rounded, total } from "./float";

/** One row of f32 to out; the mean counts as 0 unless `centered`. */
export function normalise(
  x: usize,
  gamma: usize,
  beta: usize,
  out: usize,
  width: i32,
  stride: i32,
  eps: f32,
  centered: i32 = 1,
): void {
  let sum = f32x4.splat(0);
  for (let c = 0; c < width; c += 4) sum = f32x4.add(sum, v128.load(x + c * 4));
  const mean = f32x4.splat(centered ? total(sum) / <f32>width : 0);
  let squares = f32x4.splat(0);
  for (let c = 0; c < width; c += 4) {
    const d = f32x4.sub(v128.load(x + c * 4), mean);
    squares = f32x4.add(squares, f32x4.mul(d, d));
  }
  const inverse = f32x4.splat(<f32>1.0 / sqrt<f32>(total(squares) / <f32>width + eps));
  for (let c = 0; c < stride; c += 4) {
    const y = f32x4.mul(f32x4.mul(f32x4.sub(v128.load(x + c * 4), mean), inverse), v128.load(gamma + c * 4));
    v128.store(out + c * 4, f32x4.add(y, v128.load(beta + c * 4)));
  }
}

/** f32 out. */
export function layernorm(
  from: i32,
  to: i32,
  width: i32,
  stride: i32,
  eps: f32,
  x: usize,
  gamma: usize,
  beta: usize,
  out: usize,
): void {
  for (let row = from; row < to; row++)
    normalise(x + row * stride * 4, gamma, beta, out + row * stride * 4, width, stride, eps);
}

/** int8 out; outScale [rows, 3]: the row's scale, and the excess and the channel of its outlier. `scratch`: a row. */
export function layernormQuantize(
  from: i32,
  to: i32,
  width: i32,
  stride: i32,
  eps: f32,
  x: usize,
  gamma: usize,
  beta: usize,
  out: usize,
  outScale: usize,
  scratch: usize,
): void {
  for (let row = from; row < to; row++) {
    normalise(x + row * stride * 4, gamma, beta, scratch, width, stride, eps);
    quantizeRow(scratch, stride, out + row * stride, outScale + row * 12);
  }
}

/** Rows [from, to) that are normalized, or need not be. */
export function quantizeRows(from: i32, to: i32, stride: i32, x: usize, out: usize, outScale: usize): void {
  for (let row = from; row < to; row++)
    quantizeRow(x + row * stride * 4, stride, out + row * stride, outScale + row * 12);
}

/** Quantizes a row to int8 except for one outlier: the arithmetic of shaders/lib/outlier.wgsl. */
function quantizeRow(y: usize, stride: i32, out: usize, outScale: usize): void {
  const limit = limitOf(y, stride);
  const inverse = f32x4.splat(inverseScale(limit));
  const most = i32x4.splat(127);
  store<f32>(outScale, limit / 127.0);
  store<f32>(outScale, 0, 4);
  store<f32>(outScale, 0, 8);
  for (let c = 0; c < stride; c += 8) {
    const low = rounded(f32x4.mul(v128.load(y + c * 4), inverse));
    const high = rounded(f32x4.mul(v128.load(y + c * 4, 16), inverse));
    const steps = i16x8.narrow_i32x4_s(low, high);
    const kept = i16x8.max_s(i16x8.min_s(steps, i16x8.splat(127)), i16x8.splat(-127));
    v128.store64_lane(out + c, i8x16.narrow_i16x8_s(kept, kept), 0);
    if (v128.any_true(i32x4.gt_s(i32x4.max_s(i32x4.abs(low), i32x4.abs(high)), most)))
      storeOutlier(y + c * 4, f32x4.extract_lane(inverse, 0), c, outScale);
  }
}

/** The one of eight values that is beyond 127 steps. */
function storeOutlier(y: usize, inverse: f32, first: i32, outScale: usize): void {
  for (let c = 0; c < 8; c++) {
    const steps = nearest<f32>(load<f32>(y + c * 4) * inverse);
    if (abs<f32>(steps) <= 127) continue;
    store<f32>(outScale, steps - copysign<f32>(127, steps), 4);
    store<f32>(outScale, <f32>(first + c), 8);
  }
}

/** The magnitude of 127 steps, as `limitOf` of src/quant/outlier.ts. */
function limitOf(y: usize, stride: i32): f32 {
  let first = f32x4.splat(0);
  let second = first;
  for (let c = 0; c < stride; c += 4) {
    const magnitude = f32x4.abs(v128.load(y + c * 4));
    second = f32x4.pmax(second, f32x4.pmin(first, magnitude));
    first = f32x4.pmax(first, magnitude);
  }
  const peak = greatest(first);
  // The second greatest of all is another lane's first, or the second of the lane that has the peak.
  const isPeak = f32x4.eq(first, f32x4.splat(peak));
  const peaks = i32x4.bitmask(isPeak);
  const others = v128.bitselect(second, first, isPeak);
  const next: f32 = (peaks & (peaks - 1)) !== 0 ? peak : greatest(others);
  return peak > 2 * next ? max<f32>(next, peak / 128) : peak;
}
