// The head in integers alone: shaders/head_integer.wgsl to the last bit. x, scales, biases and logits are the bits of f32.

import { FRACTION, fixed, floatBits, scaled } from "./dyadic";

/** Binary places of x, so that 16 products fit an i32. */
const PLACES: i32 = 12;

/** Classes [from, to). `scratch`: a token. */
export function headInteger(
  from: i32,
  to: i32,
  images: i32,
  tokens: i32,
  stride: i32,
  classes: i32,
  x: usize,
  w: usize,
  wScale: usize,
  bias: usize,
  out: usize,
  scratch: usize,
): void {
  for (let image = 0; image < images; image++) {
    for (let c = from; c < to; c++)
      store<i32>(out + (image * classes + c) * 4, fixed(load<u32>(bias + c * 4), FRACTION));
    for (let token = 0; token < tokens; token++) {
      const row = x + (image * tokens + token) * stride * 4;
      for (let i = 0; i < stride * 4; i += 4) store<i32>(scratch + i, fixed(load<u32>(row + i), PLACES));
      for (let c = from; c < to; c++) {
        const weights = w + (((token * stride) / 16) * classes + c) * 16;
        const at = out + (image * classes + c) * 4;
        const scale = load<u32>(wScale + (token * classes + c) * 4);
        store<i32>(at, load<i32>(at) + dot(scratch, weights, classes * 16, stride, scale));
      }
    }
    for (let c = from; c < to; c++) {
      const at = out + (image * classes + c) * 4;
      store<u32>(at, floatBits(load<i32>(at), FRACTION));
    }
  }
}

/** Sums of sixteen, each scaled. */
function dot(x: usize, w: usize, step: i32, length: i32, scale: u32): i32 {
  let total: i32 = 0;
  for (let k = 0; k < length; k += 16, w += step, x += 64) {
    let sum: i32 = 0;
    for (let i = 0; i < 16; i++) sum += load<i32>(x + i * 4) * load<i8>(w + i);
    total += scaled(sum, scale, FRACTION - PLACES);
  }
  return total;
}
