// Shared by the attention kernels: the problem, the positions of rows, and the terms of a score in addition to Q.K.
// A head's channels are padded to whole groups of 64. A sequence is an image, or a window of one. With `apart`, Q, K and V are three
// tensors; otherwise they are side by side. With `options` there may be windows, a bias, cosines and a scale for each head.

// Set at run time, so that all blocks and models share one pipeline.
struct Params {
  tokens: u32,             // keys of a sequence
  queries: u32,            // queries of a sequence that are wanted: all, or the class tokens only
  heads: u32,
  groups: u32,             // groups of 64 channels per head: 1, or 2 above 64 channels
  score_scale: f32,        // log2(e) / sqrt(head dim)
  causal: u32,
  @if(apart || options) query_rows: u32,     // rows of a sequence in Q
  @if(options) cosine: u32,
  @if(options) per_head: u32,                // whether `bias` begins with the scale of each head
  @if(options) bias_rows: u32,               // queries that the bias has, 0: none
  @if(options) grid_width: u32,              // of the image, in tokens; 0: no windows
  @if(options) grid_height: u32,
  @if(options) window_width: u32,
  @if(options) window_height: u32,
  @if(options) shift_x: u32,
  @if(options) shift_y: u32,
}
@if(!apart && !options && !float) @group(0) @binding(4) var<uniform> params: Params;
@if(!apart && options && !float) @group(0) @binding(5) var<uniform> params: Params;
@if(apart && !float) @group(0) @binding(8) var<uniform> params: Params;
@if(!apart && !options && float) @group(0) @binding(2) var<uniform> params: Params;
@if(!apart && options && float) @group(0) @binding(3) var<uniform> params: Params;
@if(apart && float) @group(0) @binding(4) var<uniform> params: Params;

@if(!apart && !float) @group(0) @binding(0) var<storage, read> qkv: array<Slice>;                 // [rows, 3, heads, 64 groups] int8
@if(!apart && !float) @group(0) @binding(1) var<storage, read> qkv_scale: array<f32>;             // [rows, 3, heads, groups]
@if(options && !float) @group(0) @binding(2) var<storage, read> bias: array<f32>;                 // [heads]?, [heads, queries, keys]? in base 2
@if(!apart && !options && !float) @group(0) @binding(2) var<storage, read_write> out: array<Slice>; // [images * queries, heads, 16 groups] int8
@if(!apart && !options && !float) @group(0) @binding(3) var<storage, read_write> out_scale: array<f32>; // [images * queries, heads, groups]
@if(options && !float) @group(0) @binding(3) var<storage, read_write> out: array<Slice>;
@if(options && !float) @group(0) @binding(4) var<storage, read_write> out_scale: array<f32>;

@if(apart && !float) @group(0) @binding(0) var<storage, read> q: array<Slice>;                    // [rows, heads, 64 groups] int8
@if(apart && !float) @group(0) @binding(1) var<storage, read> q_scale: array<f32>;                // [rows, heads, groups]
@if(apart && !float) @group(0) @binding(2) var<storage, read> k: array<Slice>;
@if(apart && !float) @group(0) @binding(3) var<storage, read> k_scale: array<f32>;
@if(apart && !float) @group(0) @binding(4) var<storage, read> v: array<Slice>;
@if(apart && !float) @group(0) @binding(5) var<storage, read> v_scale: array<f32>;
@if(apart && !float) @group(0) @binding(6) var<storage, read_write> out: array<Slice>;
@if(apart && !float) @group(0) @binding(7) var<storage, read_write> out_scale: array<f32>;

@if(!apart && float) @group(0) @binding(0) var<storage, read> qkv: array<vec4<f32>>;              // [rows, 3, heads, 64 groups]
@if(options && float) @group(0) @binding(1) var<storage, read> bias: array<f32>;
@if(!apart && !options && float) @group(0) @binding(1) var<storage, read_write> out: array<vec4<f32>>; // [images * queries, heads, 64 groups]
@if(options && float) @group(0) @binding(2) var<storage, read_write> out: array<vec4<f32>>;
@if(apart && float) @group(0) @binding(0) var<storage, read> q: array<vec4<f32>>;                 // [rows, heads, 64 groups]
@if(apart && float) @group(0) @binding(1) var<storage, read> k: array<vec4<f32>>;
@if(apart && float) @group(0) @binding(2) var<storage, read> v: array<vec4<f32>>;
@if(apart && float) @group(0) @binding(3) var<storage, read_write> out: array<vec4<f32>>;

@if(!float && slices) alias Slice = vec4<u32>; // 16 channels
@if(!float && !slices) alias Slice = u32;      // 4 channels
@if(float) alias Slice = vec4<f32>;            // 4 channels

const HIDDEN: f32 = -3.0e38;           // the score of a key that a query does not see
const LOWEST: i32 = -0x1000000;        // no score's greatest is below this

// n, as a loop bound that only run time knows: drivers unroll constant ones whole, at seconds of compile time.
fn run_time(n: u32) -> u32 { return n * min(params.tokens, 1u); }

// 2^n, for n from -126 to 127.
fn power_of_two(n: i32) -> f32 { return bitcast<f32>(u32(clamp(n, -126, 127) + 127) << 23u); }

// The row in the image of a position in a window.
@if(options) fn window_row(sequence: u32, i: u32) -> u32 {
  let across = params.grid_width / params.window_width;
  let count = across * (params.grid_height / params.window_height);
  let window = sequence % count;
  let x = window % across * params.window_width + i % params.window_width + params.shift_x;
  let y = window / across * params.window_height + i / params.window_width + params.shift_y;
  return ((sequence / count) * params.grid_height + y % params.grid_height) * params.grid_width + x % params.grid_width;
}

// Which parts of a window a shift has brought from the other side of the grid, across and down: positions see their own part.
@if(!options) fn parts_of(sequence: u32, i: vec4<u32>) -> vec4<u32> { return vec4<u32>(); }
@if(options) fn parts_of(sequence: u32, i: vec4<u32>) -> vec4<u32> {
  if (params.shift_x + params.shift_y == 0u) { return vec4<u32>(); }
  let across = params.grid_width / params.window_width;
  let down = params.grid_height / params.window_height;
  let window = sequence % (across * down);
  let x = i % params.window_width + params.shift_x >= vec4<u32>(params.window_width);
  let y = i / params.window_width + params.shift_y >= vec4<u32>(params.window_height);
  return select(vec4<u32>(), vec4<u32>(1u), x & vec4<bool>(window % across == across - 1u))
    + select(vec4<u32>(), vec4<u32>(2u), y & vec4<bool>(window / across == down - 1u));
}

@if(!options && !apart) fn query_row(sequence: u32, i: u32) -> u32 { return sequence * params.tokens + i; }
@if(!options && apart) fn query_row(sequence: u32, i: u32) -> u32 { return sequence * params.query_rows + i; }
@if(!options) fn key_row(sequence: u32, i: u32) -> u32 { return sequence * params.tokens + i; }
@if(!options) fn out_row(sequence: u32, i: u32) -> u32 { return sequence * params.queries + i; }
@if(options) fn query_row(sequence: u32, i: u32) -> u32 {
  if (params.grid_width > 0u) { return window_row(sequence, i); }
  return sequence * params.query_rows + i;
}
@if(options) fn key_row(sequence: u32, i: u32) -> u32 {
  if (params.grid_width > 0u) { return window_row(sequence, i); }
  return sequence * params.tokens + i;
}
@if(options) fn out_row(sequence: u32, i: u32) -> u32 {
  if (params.grid_width > 0u) { return window_row(sequence, i); }
  return sequence * params.queries + i;
}

@if(!apart) fn groups_of_row() -> u32 { return 3u * params.heads * params.groups; }
@if(apart) fn groups_of_row() -> u32 { return params.heads * params.groups; }
// The first slice of a group of 64 channels, counted over the heads, is 4 (with slices of four channels: 16) times this. What all threads
// share is computed apart from what they do not.
@if(!apart) fn group_at(row: u32, part: u32, group: u32) -> u32 { return row * groups_of_row() + (part * params.heads * params.groups + group); }
@if(apart) fn group_at(row: u32, part: u32, group: u32) -> u32 { return row * groups_of_row() + group; }
fn out_group_at(row: u32, group: u32) -> u32 { return row * params.heads * params.groups + group; }

@if(!apart) fn q_slice(i: u32) -> Slice { return qkv[i]; }
@if(!apart) fn k_slice(i: u32) -> Slice { return qkv[i]; }
@if(!apart) fn v_slice(i: u32) -> Slice { return qkv[i]; }
@if(apart) fn q_slice(i: u32) -> Slice { return q[i]; }
@if(apart) fn k_slice(i: u32) -> Slice { return k[i]; }
@if(apart) fn v_slice(i: u32) -> Slice { return v[i]; }
@if(!apart && !float) fn q_scale_at(group: u32) -> f32 { return qkv_scale[group]; }
@if(!apart && !float) fn k_scale_at(group: u32) -> f32 { return qkv_scale[group]; }
@if(!apart && !float) fn v_scale_at(group: u32) -> f32 { return qkv_scale[group]; }
@if(apart && !float) fn q_scale_at(group: u32) -> f32 { return q_scale[group]; }
@if(apart && !float) fn k_scale_at(group: u32) -> f32 { return k_scale[group]; }
@if(apart && !float) fn v_scale_at(group: u32) -> f32 { return v_scale[group]; }
// Of K, which is part 1, or of V.
@if(!apart && !float) fn part_scale_at(part: u32, group: u32) -> f32 { return qkv_scale[group]; }
@if(apart && !float) fn part_scale_at(part: u32, group: u32) -> f32 {
  if (part == 1u) { return k_scale[group]; }
  return v_scale[group];
}

// 1 / the length of a row of a head of Q or K where scores are cosines, else 1.
@if(!options) fn inverse_length(row: u32, part: u32, head: u32) -> f32 { return 1.0; }
@if(options) fn inverse_length(row: u32, part: u32, head: u32) -> f32 {
  if (params.cosine == 0u) { return 1.0; }
  var squares = 0.0;
  for (var left = params.groups; left > 0u; left--) { squares += square_of_group(group_at(row, part, head * params.groups + params.groups - left)); }
  return inverseSqrt(max(squares, 1e-24));
}
// Of four rows.
@if(!options) fn inverse_lengths(rows: vec4<u32>, part: u32, head: u32) -> vec4<f32> { return vec4<f32>(1.0); }
@if(options) fn inverse_lengths(rows: vec4<u32>, part: u32, head: u32) -> vec4<f32> {
  var lengths = vec4<f32>();
  for (var left = run_time(4u); left > 0u; left--) { lengths[4u - left] = inverse_length(rows[4u - left], part, head); }
  return lengths;
}
@if(options && !float) fn square_of_group(group: u32) -> f32 {
  var squares = vec4<f32>();
  for (var left = run_time(4u); left > 0u; left--) {
    let i = 4u - left;
    let at = group * 16u + 4u * i;
    let words = vec4<u32>(qkv[at], qkv[at + 1u], qkv[at + 2u], qkv[at + 3u]);
    for (var left = run_time(4u); left > 0u; left--) {
      let shift = 4u - left;
      let values = vec4<f32>(bitcast<vec4<i32>>(words << vec4<u32>(24u - 8u * shift)) >> vec4<u32>(24u));
      squares += values * values;
    }
  }
  return (squares.x + squares.y + squares.z + squares.w) * qkv_scale[group] * qkv_scale[group];
}
@if(options && float) fn square_of_group(group: u32) -> f32 {
  var sum = 0.0;
  for (var left = run_time(16u); left > 0u; left--) { let i = 16u - left; sum += dot(qkv[group * 16u + i], qkv[group * 16u + i]); }
  return sum;
}

@if(!options) fn score_scale(head: u32) -> f32 { return params.score_scale; }
@if(options) fn score_scale(head: u32) -> f32 {
  if (params.per_head > 0u) { return bias[head]; }
  return params.score_scale;
}

// Scores with their bias, or HIDDEN. `are_apart`: whether query and key are in different parts of a window.
fn seen(scores: vec4<f32>, head: u32, queries: vec4<u32>, keys: vec4<u32>, are_apart: vec4<bool>) -> vec4<f32> {
  return select(with_bias(scores, head, queries, keys), vec4<f32>(HIDDEN), (keys >= keys_for(queries)) | are_apart);
}

// What scores are added to: HIDDEN, which they do not change, or 0.
fn hidden(query: u32, keys: vec4<u32>, are_apart: vec4<bool>) -> vec4<f32> {
  return select(vec4<f32>(), vec4<f32>(HIDDEN), (keys >= keys_for(vec4<u32>(query))) | are_apart);
}

// How many keys each query may see.
fn keys_for(queries: vec4<u32>) -> vec4<u32> {
  let all = vec4<u32>(params.tokens);
  return select(all, min(queries + 1u, all), params.causal > 0u);
}

@if(!options) fn with_bias(scores: vec4<f32>, head: u32, queries: vec4<u32>, keys: vec4<u32>) -> vec4<f32> { return scores; }
@if(options) fn with_bias(scores: vec4<f32>, head: u32, queries: vec4<u32>, keys: vec4<u32>) -> vec4<f32> {
  if (params.bias_rows == 0u) { return scores; }
  let rows = head * params.bias_rows + min(queries, vec4<u32>(params.bias_rows - 1u));
  let at = select(0u, params.heads, params.per_head > 0u) + rows * params.tokens + min(keys, vec4<u32>(params.tokens - 1u));
  return scores + vec4<f32>(bias[at.x], bias[at.y], bias[at.z], bias[at.w]);
}

// Behind the last tile that a query of a tile sees.
fn tiles_for(last_query: u32, keys: u32) -> u32 {
  let tiles = (params.tokens + keys - 1u) / keys;
  if (params.causal == 0u) { return tiles; }
  return min(tiles, last_query / keys + 1u);
}
