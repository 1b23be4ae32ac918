// Four columns of one word of K, four int8 values each, and their contributions to a row's sums.
// With `dot4`, a dot adds to its sum in one instruction; without, f32 sums are exact over K <= 1024.
import package::lib::pack::unpack_i8;
import package::lib::sixteen::Sum;

@if(dot4) alias Four = vec4<u32>;
@if(!dot4) alias Four = mat4x4<f32>;

@if(dot4) fn four(words: vec4<u32>) -> Four { return words; }
@if(!dot4) fn four(words: vec4<u32>) -> Four {
  return mat4x4<f32>(
    vec4<f32>(unpack_i8(words.x)), vec4<f32>(unpack_i8(words.y)),
    vec4<f32>(unpack_i8(words.z)), vec4<f32>(unpack_i8(words.w)));
}

@if(dot4) fn plus_products(sums: vec4<Sum>, row: u32, columns: Four) -> vec4<Sum> {
  return vec4<Sum>(
    sums.x + dot4I8Packed(row, columns.x), sums.y + dot4I8Packed(row, columns.y),
    sums.z + dot4I8Packed(row, columns.z), sums.w + dot4I8Packed(row, columns.w));
}
@if(!dot4) fn plus_products(sums: vec4<Sum>, row: u32, columns: Four) -> vec4<Sum> {
  return sums + vec4<f32>(unpack_i8(row)) * columns;
}
