// Four int8 values in one u32, first value in the low byte. By shifts: no language feature is needed.

fn unpack_i8(word: u32) -> vec4<i32> {
  return bitcast<vec4<i32>>(vec4<u32>(word << 24u, word << 16u, word << 8u, word)) >> vec4<u32>(24u);
}

// Packs values that already are within [-128, 127].
fn pack_i8(value: vec4<i32>) -> u32 {
  let byte = bitcast<vec4<u32>>(value) & vec4<u32>(0xffu);
  return byte.x | (byte.y << 8u) | (byte.z << 16u) | (byte.w << 24u);
}

// round(value / scale) as int8, with inverse = 1 / scale; symmetric, so that -128 is never made.
fn quantize_i8(value: vec4<f32>, inverse: f32) -> u32 {
  return pack_i8(vec4<i32>(clamp(round(value * inverse), vec4<f32>(-127.0), vec4<f32>(127.0))));
}

// 1 / scale for a group whose greatest magnitude is `peak`; an all-zero group quantizes to zeros.
fn inverse_scale(peak: f32) -> f32 {
  return select(0.0, 127.0 / peak, peak > 1e-30);
}
