// Four rows by four columns of sums of int8 products. An operand is a word of each of its four rows or columns: four values along
// the sum. With `dot4`: packed words and i32 sums. Without: f32, whose sums are exact up to 2^24. With `pairs` also two rows by four columns.
@if(!dot4) import package::lib::pack::unpack_i8;

@if(dot4) alias Sums = vec4<i32>;
@if(!dot4) alias Sums = vec4<f32>;
struct Tile { r0: Sums, r1: Sums, r2: Sums, r3: Sums }

// Each dot is added by itself: there are instructions that do both.
@if(dot4) fn add_dots(sums: Sums, a: u32, b: vec4<u32>) -> Sums {
  return vec4<i32>(
    sums.x + dot4I8Packed(a, b.x), sums.y + dot4I8Packed(a, b.y), sums.z + dot4I8Packed(a, b.z), sums.w + dot4I8Packed(a, b.w));
}
@if(dot4) fn add_products(tile: Tile, a: vec4<u32>, b: vec4<u32>) -> Tile {
  return Tile(add_dots(tile.r0, a.x, b), add_dots(tile.r1, a.y, b), add_dots(tile.r2, a.z, b), add_dots(tile.r3, a.w, b));
}

@if(!dot4) fn floats_of(word: u32) -> vec4<f32> { return vec4<f32>(unpack_i8(word)); }
@if(!dot4) fn add_dots(sums: Sums, word: u32, b: mat4x4<f32>) -> Sums { return sums + floats_of(word) * b; }
@if(!dot4) fn add_products(tile: Tile, a: vec4<u32>, words: vec4<u32>) -> Tile {
  let b = mat4x4<f32>(floats_of(words.x), floats_of(words.y), floats_of(words.z), floats_of(words.w));
  return Tile(add_dots(tile.r0, a.x, b), add_dots(tile.r1, a.y, b), add_dots(tile.r2, a.z, b), add_dots(tile.r3, a.w, b));
}

// The rows of a thread: its tile, or two rows of their own.
@if(pairs) alias Words = vec2<u32>;
@if(!pairs) alias Words = vec4<u32>;
@if(pairs) struct Rows { r0: Sums, r1: Sums }
@if(!pairs) alias Rows = Tile;
@if(pairs) fn add_rows(rows: Rows, a: Words, b: vec4<u32>) -> Rows { return Rows(add_dots(rows.r0, a.x, b), add_dots(rows.r1, a.y, b)); }
@if(!pairs) fn add_rows(rows: Rows, a: Words, b: vec4<u32>) -> Rows { return add_products(rows, a, b); }
