// Four rows (with `pairs` two) by four columns of sums of int8 products. An operand is a word of each of its four rows or columns: four values along
// the sum. With `dot4`: packed words and i32 sums. Without: f32, whose sums are exact up to 2^24.
@if(!dot4) import package::lib::pack::unpack_i8;

@if(dot4) alias Sums = vec4<i32>;
@if(!dot4) alias Sums = vec4<f32>;
@if(pairs) alias Words = vec2<u32>;
@if(!pairs) alias Words = vec4<u32>;
struct Tile { r0: Sums, r1: Sums, @if(!pairs) r2: Sums, @if(!pairs) r3: Sums }

// Each dot is added by itself: there are instructions that do both.
@if(dot4) fn add_dots(sums: Sums, a: u32, b: vec4<u32>) -> Sums {
  return vec4<i32>(
    sums.x + dot4I8Packed(a, b.x), sums.y + dot4I8Packed(a, b.y), sums.z + dot4I8Packed(a, b.z), sums.w + dot4I8Packed(a, b.w));
}
@if(dot4 && pairs) fn add_products(tile: Tile, a: Words, b: vec4<u32>) -> Tile {
  return Tile(add_dots(tile.r0, a.x, b), add_dots(tile.r1, a.y, b));
}
@if(dot4 && !pairs) fn add_products(tile: Tile, a: Words, b: vec4<u32>) -> Tile {
  return Tile(add_dots(tile.r0, a.x, b), add_dots(tile.r1, a.y, b), add_dots(tile.r2, a.z, b), add_dots(tile.r3, a.w, b));
}

@if(!dot4) fn floats_of(word: u32) -> vec4<f32> { return vec4<f32>(unpack_i8(word)); }
@if(!dot4) fn add_dots(sums: Sums, word: u32, b: mat4x4<f32>) -> Sums { return sums + floats_of(word) * b; }
@if(!dot4) fn add_products(tile: Tile, a: Words, words: vec4<u32>) -> Tile {
  let b = mat4x4<f32>(floats_of(words.x), floats_of(words.y), floats_of(words.z), floats_of(words.w));
  @if(pairs) { return Tile(add_dots(tile.r0, a.x, b), add_dots(tile.r1, a.y, b)); }
  @if(!pairs) return Tile(add_dots(tile.r0, a.x, b), add_dots(tile.r1, a.y, b), add_dots(tile.r2, a.z, b), add_dots(tile.r3, a.w, b));
}
