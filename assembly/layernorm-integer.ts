// LayerNorm in integers alone: shaders/layernorm_integer.wgsl to the last bit, which has the sources.

import {
  dyadic,
  exponent,
  FRACTION,
  fixed,
  floatBits,
  quantizeFixed,
  scaled,
  shifted,
  significand,
  squareRoot,
  times,
} from "./dyadic";

/** One row to fixed point; `root` is sqrt(width) and `eps` eps width, both as the bits of an f32. */
function normalise(
  x: usize,
  gamma: usize,
  beta: usize,
  width: i32,
  stride: i32,
  root: u32,
  eps: u32,
  y: usize,
): void {
  let peak: u32 = 0;
  for (let c = 0; c < width; c++) peak = max<u32>(peak, load<u32>(x + c * 4) & 0x7fffffff);
  // Rows below 2^-20 are taken as of that peak, so that eps fits 64 bits.
  const places = 141 - max<i32>(<i32>(peak >> 23), 107);
  let sum: i32 = 0;
  for (let c = 0; c < width; c++) {
    const q = fixed(load<u32>(x + c * 4), places);
    store<i32>(y + c * 4, q);
    sum += q;
  }
  const mean = (sum + (sum < 0 ? -(width / 2) : width / 2)) / width;
  let squares: u64 = 0;
  for (let c = 0; c < width; c++) {
    const d = <i64>(load<i32>(y + c * 4) - mean);
    squares += <u64>(d * d);
  }
  const factor = factorOf(squares + epsOf(eps, 2 * places), root);
  for (let c = 0; c < width; c++) {
    const d = scaled(load<i32>(y + c * 4) - mean, times(factor, load<u32>(gamma + c * 4)), FRACTION);
    store<i32>(y + c * 4, d + fixed(load<u32>(beta + c * 4), FRACTION));
  }
  for (let c = width; c < stride; c++) store<i32>(y + c * 4, 0);
}

/** A dyadic number as an integer with so many places. */
function epsOf(bits: u32, places: i32): u64 {
  return shifted(significand(bits), exponent(bits) + places);
}

/** root / sqrt(squares), squares brought to 31 or 32 bits first. */
function factorOf(squares: u64, root: u32): u32 {
  const bits = 64 - <i32>clz<u64>(squares);
  const shift = (bits + 1) / 2 - 16;
  const normalised = <u32>(shift > 0 ? squares >> (2 * shift) : squares << (-2 * shift));
  return times(dyadic(<u32>0xffffffff / squareRoot(max<u32>(normalised, 1)), -32 - shift), root);
}

/** f32 out. `scratch`: a row. */
export function layernormInteger(
  from: i32,
  to: i32,
  width: i32,
  stride: i32,
  root: u32,
  eps: u32,
  x: usize,
  gamma: usize,
  beta: usize,
  out: usize,
  scratch: usize,
): void {
  for (let row = from; row < to; row++) {
    normalise(x + row * stride * 4, gamma, beta, width, stride, root, eps, scratch);
    for (let c = 0; c < stride; c++)
      store<u32>(out + (row * stride + c) * 4, floatBits(load<i32>(scratch + c * 4), FRACTION));
  }
}

/** int8 out, with a scale per row. `scratch`: a row. */
export function layernormIntegerQuantize(
  from: i32,
  to: i32,
  width: i32,
  stride: i32,
  root: u32,
  eps: u32,
  x: usize,
  gamma: usize,
  beta: usize,
  out: usize,
  outScale: usize,
  scratch: usize,
): void {
  for (let row = from; row < to; row++) {
    normalise(x + row * stride * 4, gamma, beta, width, stride, root, eps, scratch);
    quantizeFixed(scratch, stride, out + row * stride, outScale + row * 4);
  }
}
