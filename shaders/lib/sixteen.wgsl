// Sixteen int8 values along K, in the form for the inner product of this variant.
// With `dot4`: packed words and i32 sums. Without: f32 values, whose sums over K <= 1024 are exact too (128 * 128 * 1024 = 2^24), so both
// give the same integers.
import package::lib::pack::unpack_i8;

@if(dot4) alias Sixteen = vec4<u32>;
@if(dot4) alias Sum = i32;
@if(!dot4) alias Sixteen = mat4x4<f32>;
@if(!dot4) alias Sum = f32;

@if(dot4) fn sixteen(words: vec4<u32>) -> Sixteen { return words; }
@if(!dot4) fn sixteen(words: vec4<u32>) -> Sixteen {
  return mat4x4<f32>(
    vec4<f32>(unpack_i8(words.x)), vec4<f32>(unpack_i8(words.y)),
    vec4<f32>(unpack_i8(words.z)), vec4<f32>(unpack_i8(words.w)));
}

@if(dot4) fn dot16(a: Sixteen, b: Sixteen) -> Sum {
  return dot4I8Packed(a.x, b.x) + dot4I8Packed(a.y, b.y) + dot4I8Packed(a.z, b.z) + dot4I8Packed(a.w, b.w);
}
@if(!dot4) fn dot16(a: Sixteen, b: Sixteen) -> Sum {
  return dot(a[0], b[0]) + dot(a[1], b[1]) + dot(a[2], b[2]) + dot(a[3], b[3]);
}
