// The classifier after the last norm: f32 tokens, int8 weights, classes [from, to).

import { total } from "./float";

export function head(
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
): void {
  for (let image = 0; image < images; image++)
    for (let c = from; c < to; c++) {
      let logit = load<f32>(bias + c * 4);
      for (let token = 0; token < tokens; token++) {
        const row = x + (image * tokens + token) * stride * 4;
        const weights = w + ((token * stride) / 16) * classes * 16 + c * 16;
        logit += dot(row, weights, classes * 16, stride) * load<f32>(wScale + (token * classes + c) * 4);
      }
      store<f32>(out + (image * classes + c) * 4, logit);
    }
}

/** `length` f32 times int8, of which sixteen are together. */
function dot(x: usize, w: usize, step: i32, length: i32): f32 {
  let sum = f32x4.splat(0);
  for (let i = 0; i < length; i += 16, w += step, x += 64)
    for (let j = 0; j < 16; j += 4) {
      const weights = i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(v128.load32_zero(w + j)));
      sum = f32x4.add(sum, f32x4.mul(f32x4.convert_i32x4_s(weights), v128.load(x + j * 4)));
    }
  return total(sum);
}
