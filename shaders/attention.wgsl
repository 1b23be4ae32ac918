// softmax(Q K^T / sqrt(head dim)) V for one query row per thread, keys four at a time with a running maximum
// (online softmax: Milakov and Gimelshein 2018), so any number of tokens fits. Q.K in int8, softmax and P.V in f32;
// the output is int8 with a scale per row and 64 channels. With `float` all of it is f32.
// A head's channels are padded to whole groups of 64; a workgroup makes one group of one head.
@if(!float) import package::lib::pack::{quantize_i8, inverse_scale, unpack_i8};
@if(!float) import package::lib::sixteen::{Sixteen, sixteen, dot16};

override TOKENS: u32;             // per image
override QUERIES: u32;            // rows per image that are wanted: all tokens, or the class tokens only
override HEADS: u32;
override GROUPS: u32;             // groups of 64 channels per head: 1, or 2 for head dim 80
override SCORE_SCALE: f32;        // log2(e) / sqrt(head dim)
override ROWS_PER_WORKGROUP: u32 = 8u;

@if(!float) @group(0) @binding(0) var<storage, read> qkv: array<vec4<u32>>;             // [rows, 3, heads, 64 GROUPS] int8
@if(!float) @group(0) @binding(1) var<storage, read> qkv_scale: array<f32>;             // [rows, 3, heads, GROUPS]
@if(!float) @group(0) @binding(2) var<storage, read_write> out: array<vec4<u32>>;       // [images * QUERIES, heads, 64 GROUPS] int8
@if(!float) @group(0) @binding(3) var<storage, read_write> out_scale: array<f32>;       // [images * QUERIES, heads, GROUPS]
@if(float) @group(0) @binding(0) var<storage, read> qkv: array<mat4x4<f32>>;            // [rows, 3, heads, 64 GROUPS]
@if(float) @group(0) @binding(1) var<storage, read_write> out: array<mat4x4<f32>>;      // [images * QUERIES, heads, 64 GROUPS]

@if(float) alias Sixteen = mat4x4<f32>;
@if(float) fn sixteen(values: mat4x4<f32>) -> Sixteen { return values; }
@if(float) fn dot16(a: Sixteen, b: Sixteen) -> f32 {
  return dot(a[0], b[0]) + dot(a[1], b[1]) + dot(a[2], b[2]) + dot(a[3], b[3]);
}

// 64 channels: a group of Q or K in the form of the inner product, or of V and the output in f32.
struct Channels { c0: Sixteen, c1: Sixteen, c2: Sixteen, c3: Sixteen }
struct Values { c0: mat4x4<f32>, c1: mat4x4<f32>, c2: mat4x4<f32>, c3: mat4x4<f32> }

const Q: u32 = 0u;
const K: u32 = 1u;
const V: u32 = 2u;
const LOWEST: f32 = -3.0e38;

// Which group of 64 of a row of qkv: part Q, K or V; group counted over the heads.
fn group_at(row: u32, part: u32, group: u32) -> u32 {
  return (row * 3u + part) * HEADS * GROUPS + group;
}

fn channels(at: u32) -> Channels {
  let i = at * 4u;
  return Channels(sixteen(qkv[i]), sixteen(qkv[i + 1u]), sixteen(qkv[i + 2u]), sixteen(qkv[i + 3u]));
}

fn dot64(q: Channels, k: Channels) -> f32 {
  return f32(dot16(q.c0, k.c0) + dot16(q.c1, k.c1) + dot16(q.c2, k.c2) + dot16(q.c3, k.c3));
}

@if(float) fn scale_of(at: u32) -> f32 { return 1.0; }
@if(!float) fn scale_of(at: u32) -> f32 { return qkv_scale[at]; }

@if(float) fn values16(i: u32) -> mat4x4<f32> { return qkv[i]; }
@if(!float) fn values16(i: u32) -> mat4x4<f32> {
  let words = qkv[i];
  return mat4x4<f32>(
    vec4<f32>(unpack_i8(words.x)), vec4<f32>(unpack_i8(words.y)),
    vec4<f32>(unpack_i8(words.z)), vec4<f32>(unpack_i8(words.w)));
}

fn weigh(total: Values, at: u32, weight: f32) -> Values {
  let i = at * 4u;
  return Values(
    total.c0 + values16(i) * weight, total.c1 + values16(i + 1u) * weight,
    total.c2 + values16(i + 2u) * weight, total.c3 + values16(i + 3u) * weight);
}

fn scaled(total: Values, factor: f32) -> Values {
  return Values(total.c0 * factor, total.c1 * factor, total.c2 * factor, total.c3 * factor);
}

// A query's channels, with its scales already times SCORE_SCALE; the second group only where a head has two.
struct Query { first: Channels, second: Channels, first_scale: f32, second_scale: f32 }

fn query_of(row: u32, head: u32) -> Query {
  let at = group_at(row, Q, head * GROUPS);
  let next = at + GROUPS - 1u;
  return Query(channels(at), channels(next), scale_of(at) * SCORE_SCALE, scale_of(next) * SCORE_SCALE);
}

fn score(query: Query, row: u32, head: u32) -> f32 {
  let at = group_at(row, K, head * GROUPS);
  var sum = dot64(query.first, channels(at)) * (query.first_scale * scale_of(at));
  if (GROUPS == 2u) { sum += dot64(query.second, channels(at + 1u)) * (query.second_scale * scale_of(at + 1u)); }
  return sum;
}

fn peak_of(values: mat4x4<f32>) -> f32 {
  let m = max(max(abs(values[0]), abs(values[1])), max(abs(values[2]), abs(values[3])));
  return max(max(m.x, m.y), max(m.z, m.w));
}

@if(!float) fn quantize16(values: mat4x4<f32>, inverse: f32) -> vec4<u32> {
  return vec4<u32>(
    quantize_i8(values[0], inverse), quantize_i8(values[1], inverse),
    quantize_i8(values[2], inverse), quantize_i8(values[3], inverse));
}

fn store(at: u32, y: Values) {
  let i = at * 4u;
  @if(float) {
    out[i] = y.c0;
    out[i + 1u] = y.c1;
    out[i + 2u] = y.c2;
    out[i + 3u] = y.c3;
  }
  @if(!float) {
    let peak = max(max(peak_of(y.c0), peak_of(y.c1)), max(peak_of(y.c2), peak_of(y.c3)));
    let inverse = inverse_scale(peak);
    out[i] = quantize16(y.c0, inverse);
    out[i + 1u] = quantize16(y.c1, inverse);
    out[i + 2u] = quantize16(y.c2, inverse);
    out[i + 3u] = quantize16(y.c3, inverse);
    out_scale[at] = peak / 127.0;
  }
}

@compute @workgroup_size(ROWS_PER_WORKGROUP)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
  let group = thread.y;
  let head = group / GROUPS;
  let first_row = thread.z * TOKENS;
  let query_row = min(thread.x, QUERIES - 1u);
  let query = query_of(first_row + query_row, head);
  var greatest = LOWEST;
  var mass = 0.0;
  var total = Values();
  for (var block = 0u; block < (TOKENS + 3u) / 4u; block++) {
    let key = vec4<u32>(block * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
    let row = min(key, vec4<u32>(TOKENS - 1u)) + first_row;
    let scores = select(
      vec4<f32>(LOWEST),
      vec4<f32>(
        score(query, row.x, head), score(query, row.y, head), score(query, row.z, head), score(query, row.w, head)),
      key < vec4<u32>(TOKENS));
    let next = max(greatest, max(max(scores.x, scores.y), max(scores.z, scores.w)));
    let correction = exp2(greatest - next);
    let p = select(vec4<f32>(0.0), exp2(scores - next), key < vec4<u32>(TOKENS));
    greatest = next;
    mass = mass * correction + dot(p, vec4<f32>(1.0));
    total = scaled(total, correction);
    total = weigh(total, group_at(row.x, V, group), p.x * scale_of(group_at(row.x, V, group)));
    total = weigh(total, group_at(row.y, V, group), p.y * scale_of(group_at(row.y, V, group)));
    total = weigh(total, group_at(row.z, V, group), p.z * scale_of(group_at(row.z, V, group)));
    total = weigh(total, group_at(row.w, V, group), p.w * scale_of(group_at(row.w, V, group)));
  }
  if (thread.x < QUERIES) {
    store((thread.z * QUERIES + query_row) * HEADS * GROUPS + group, scaled(total, 1.0 / mass));
  }
}
