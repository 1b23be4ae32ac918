// What the attention kernels share: shapes, operands, and how a slice of 16 channels is read.
// A head's channels are padded to whole groups of 64; a workgroup makes one group of one head for some query rows.
@if(!float) import package::lib::pack::{quantize_i8, inverse_scale, unpack_i8};
@if(!float) import package::lib::sixteen;

// Told at run time, so that every block and model share one pipeline.
struct Params {
  tokens: u32,             // per image
  queries: u32,            // rows per image that are wanted: all tokens, or the class tokens only
  heads: u32,
  groups: u32,             // groups of 64 channels per head: 1, or 2 for head dim 80
  score_scale: f32,        // log2(e) / sqrt(head dim)
}
@if(!float) @group(0) @binding(4) var<uniform> params: Params;
@if(float) @group(0) @binding(2) var<uniform> params: Params;

override ROWS_PER_WORKGROUP: u32 = 8u;

@if(!float) @group(0) @binding(0) var<storage, read> qkv: array<vec4<u32>>;             // [rows, 3, heads, 64 groups] int8
@if(!float) @group(0) @binding(1) var<storage, read> qkv_scale: array<f32>;             // [rows, 3, heads, groups]
@if(!float) @group(0) @binding(2) var<storage, read_write> out: array<vec4<u32>>;       // [images * queries, heads, 64 groups] int8
@if(!float) @group(0) @binding(3) var<storage, read_write> out_scale: array<f32>;       // [images * queries, heads, groups]
@if(float) @group(0) @binding(0) var<storage, read> qkv: array<mat4x4<f32>>;            // [rows, 3, heads, 64 groups]
@if(float) @group(0) @binding(1) var<storage, read_write> out: array<mat4x4<f32>>;      // [images * queries, heads, 64 groups]

const Q: u32 = 0u;
const K: u32 = 1u;
const V: u32 = 2u;
const LOWEST: f32 = -3.0e38;

// n, as a loop bound that only run time knows: drivers unroll constant ones whole, at seconds of compile time.
fn run_time(n: u32) -> u32 { return n * min(arrayLength(&qkv), 1u); }

// Which group of 64 of a row of qkv: part Q, K or V; group counted over the heads. Times 4: its first slice.
fn group_at(row: u32, part: u32, group: u32) -> u32 {
  return (row * 3u + part) * params.heads * params.groups + group;
}

// A slice of Q or K in the form of the inner product.
@if(float) alias Slice = mat4x4<f32>;
@if(float) fn slice_of(i: u32) -> Slice { return qkv[i]; }
@if(float) fn dot_slices(a: Slice, b: Slice) -> f32 {
  return dot(a[0], b[0]) + dot(a[1], b[1]) + dot(a[2], b[2]) + dot(a[3], b[3]);
}
@if(!float) alias Slice = package::lib::sixteen::Sixteen;
@if(!float) fn slice_of(i: u32) -> Slice { return package::lib::sixteen::sixteen(qkv[i]); }
@if(!float) fn dot_slices(a: Slice, b: Slice) -> f32 { return f32(package::lib::sixteen::dot16(a, b)); }

@if(float) fn scale_of(group: u32) -> f32 { return 1.0; }
@if(!float) fn scale_of(group: u32) -> f32 { return qkv_scale[group]; }

// A slice of V as f32.
@if(float) fn values_of(i: u32) -> mat4x4<f32> { return qkv[i]; }
@if(!float) fn values_of(i: u32) -> mat4x4<f32> {
  let words = qkv[i];
  return mat4x4<f32>(
    vec4<f32>(unpack_i8(words.x)), vec4<f32>(unpack_i8(words.y)),
    vec4<f32>(unpack_i8(words.z)), vec4<f32>(unpack_i8(words.w)));
}

fn peak_of(values: mat4x4<f32>) -> f32 {
  let m = max(max(abs(values[0]), abs(values[1])), max(abs(values[2]), abs(values[3])));
  return max(max(m.x, m.y), max(m.z, m.w));
}

// Stores one slice of an output group whose greatest magnitude is `peak`.
@if(float) fn store_slice(i: u32, y: mat4x4<f32>, peak: f32) { out[i] = y; }
@if(!float) fn store_slice(i: u32, y: mat4x4<f32>, peak: f32) {
  let inverse = inverse_scale(peak);
  out[i] = vec4<u32>(
    quantize_i8(y[0], inverse), quantize_i8(y[1], inverse), quantize_i8(y[2], inverse), quantize_i8(y[3], inverse));
}
@if(float) fn store_scale(group: u32, peak: f32) {}
@if(!float) fn store_scale(group: u32, peak: f32) { out_scale[group] = peak / 127.0; }
