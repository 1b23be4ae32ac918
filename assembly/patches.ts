// RGB bytes of a crop as the patches that the patch embedding reads: [patches, 3, stride], a channel's pixels row by row, then zeros.

/** Where the pixels of a patch begin. */
function cornerOf(patch: i32, across: i32, side: i32, width: i32): i32 {
  return ((patch / across) * side * width + (patch % across) * side) * 3;
}

/** Patches [from, to) of `side` pixels squared, in int8: byte - 128. `width`: of the crop. */
export function cutPatches(
  from: i32,
  to: i32,
  across: i32,
  side: i32,
  width: i32,
  stride: i32,
  rgb: usize,
  out: usize,
): void {
  const whole = side & ~15;
  memory.fill(out + from * 3 * stride, 0, (to - from) * 3 * stride);
  for (let p = from; p < to; p++) {
    let pixels = rgb + cornerOf(p, across, side, width);
    let at = out + p * 3 * stride;
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < whole; x += 16) cutSixteen(pixels + x * 3, at + x, stride);
      for (let x = whole; x < side; x++)
        for (let c = 0; c < 3; c++) store<u8>(at + c * stride + x, load<u8>(pixels + x * 3 + c) ^ 128);
      pixels += width * 3;
      at += side;
    }
  }
}

/** Sixteen pixels to the three channels. */
function cutSixteen(pixels: usize, at: usize, stride: i32): void {
  const sign = i8x16.splat(-128);
  const a = v128.xor(v128.load(pixels), sign);
  const b = v128.xor(v128.load(pixels, 16), sign);
  const c = v128.xor(v128.load(pixels, 32), sign);
  const red = i8x16.shuffle(a, b, 0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 0, 0, 0, 0, 0);
  v128.store(at, i8x16.shuffle(red, c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 17, 20, 23, 26, 29));
  const green = i8x16.shuffle(a, b, 1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 0, 0, 0, 0, 0);
  v128.store(at + stride, i8x16.shuffle(green, c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 18, 21, 24, 27, 30));
  const blue = i8x16.shuffle(a, b, 2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 0, 0, 0, 0, 0, 0);
  v128.store(at + 2 * stride, i8x16.shuffle(blue, c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 19, 22, 25, 28, 31));
}
