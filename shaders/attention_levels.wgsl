// softmax(Q K^T / sqrt(head dim)) at the levels of a quantizer, times V: one query row of one head per thread, in f32. The quantizer needs
// the mass of the whole row before its first value, so the row is kept in `scores` between passes.
import package::lib::levels::{Levels, nearest};

struct Params {
  tokens: u32,             // per image
  queries: u32,            // rows per image that are wanted
  heads: u32,
  groups: u32,             // groups of 64 channels per head
  score_scale: f32,        // log2(e) / sqrt(head dim)
  scale: f32,              // of the levels
  second: f32,
  @align(16) levels: Levels,
}

@group(0) @binding(0) var<storage, read> qkv: array<mat4x4<f32>>;            // [images * tokens, 3, heads, 64 groups]
@group(0) @binding(1) var<storage, read_write> scores: array<f32>;           // [images, heads, tokens, queries]
@group(0) @binding(2) var<storage, read_write> out: array<mat4x4<f32>>;      // [images * queries, heads, 64 groups]
@group(0) @binding(3) var<uniform> params: Params;

const ROWS: u32 = 8u;
const LOWEST: f32 = -3.0e38;

// The first slice of 16 channels of a row's part: 0 Q, 1 K, 2 V.
fn slice_at(row: u32, part: u32, head: u32) -> u32 {
  return ((row * 3u + part) * params.heads + head) * params.groups * 4u;
}

fn dot_slices(a: mat4x4<f32>, b: mat4x4<f32>) -> f32 {
  return dot(a[0], b[0]) + dot(a[1], b[1]) + dot(a[2], b[2]) + dot(a[3], b[3]);
}

fn level_of(p: f32) -> f32 {
  return nearest(params.levels, vec4<f32>(p), vec4<f32>(params.scale), vec4<f32>(params.second)).x;
}

@compute @workgroup_size(ROWS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let query = group.x * ROWS + thread;
  if (query >= params.queries) { return; }
  let head = group.y;
  let first_row = group.z * params.tokens;
  let first = (group.z * params.heads + head) * params.tokens * params.queries + query;
  let slices = params.groups * 4u;
  let q_at = slice_at(first_row + query, 0u, head);
  var greatest = LOWEST;
  for (var left = params.tokens; left > 0u; left--) {
    let key = params.tokens - left;
    let k_at = slice_at(first_row + key, 1u, head);
    var sum = 0.0;
    for (var left = slices; left > 0u; left--) { let slice = slices - left; sum += dot_slices(qkv[q_at + slice], qkv[k_at + slice]); }
    sum *= params.score_scale;
    scores[first + key * params.queries] = sum;
    greatest = max(greatest, sum);
  }
  var mass = 0.0;
  for (var left = params.tokens; left > 0u; left--) {
    let key = params.tokens - left;
    let p = exp2(scores[first + key * params.queries] - greatest);
    scores[first + key * params.queries] = p;
    mass += p;
  }
  for (var left = params.tokens; left > 0u; left--) {
    let key = params.tokens - left;
    scores[first + key * params.queries] = level_of(scores[first + key * params.queries] / mass);
  }
  let out_at = ((group.z * params.queries + query) * params.heads + head) * slices;
  for (var left = slices; left > 0u; left--) {
    let slice = slices - left;
    var total = mat4x4<f32>();
    for (var left = params.tokens; left > 0u; left--) {
      let key = params.tokens - left;
      total += qkv[slice_at(first_row + key, 2u, head) + slice] * scores[first + key * params.queries];
    }
    out[out_at + slice] = total;
  }
}
