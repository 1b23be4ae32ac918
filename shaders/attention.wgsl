// softmax(Q K^T / sqrt(head dim)) V, four query rows per thread, slice by slice of 16 channels: scores of a chunk of keys,
// then their softmax, then P.V. Where all tokens fit one chunk that is the whole of it; longer sequences carry a running
// maximum from chunk to chunk (online softmax: Milakov and Gimelshein 2018). Q.K in int8, softmax and P.V in f32.
// The shape for software adapters: a slice of K or V is read and unpacked once for four rows, and a body of one slice and
// one key compiles fast. Vectors hold the four rows; they are ROWS_PER_WORKGROUP apart.
import package::lib::attention::{params, ROWS_PER_WORKGROUP, Q, K, V, LOWEST};
import package::lib::attention::{Slice, run_time, group_at, slice_of, dot_slices, scale_of, values_of, peak_of, store_slice, store_scale};

const CHUNK: u32 = 48u;           // keys at a time

// Private, not workgroup: SwiftShader clears workgroup memory by one store a word, which took most of a second to compile.
var<private> scores: array<vec4<f32>, CHUNK>;         // [key]
var<private> totals: array<mat4x4<f32>, 16u>;         // [slice][row], not yet divided by mass

struct Keys { first_row: u32, length: u32 }

// Adds to each score what 16 channels of one group of the head contribute.
fn add_scores(rows: vec4<u32>, group: u32, slice: u32, keys: Keys) {
  let at = vec4<u32>(group_at(rows.x, Q, group), group_at(rows.y, Q, group), group_at(rows.z, Q, group), group_at(rows.w, Q, group));
  let q0 = slice_of(at.x * 4u + slice);
  let q1 = slice_of(at.y * 4u + slice);
  let q2 = slice_of(at.z * 4u + slice);
  let q3 = slice_of(at.w * 4u + slice);
  let q_scale = vec4<f32>(scale_of(at.x), scale_of(at.y), scale_of(at.z), scale_of(at.w)) * params.score_scale;
  for (var key = 0u; key < keys.length; key++) {
    let key_group = group_at(keys.first_row + key, K, group);
    let k = slice_of(key_group * 4u + slice);
    let products = vec4<f32>(dot_slices(q0, k), dot_slices(q1, k), dot_slices(q2, k), dot_slices(q3, k));
    scores[key] += products * q_scale * scale_of(key_group);
  }
}

fn score_chunk(rows: vec4<u32>, head: u32, keys: Keys) -> vec4<f32> {
  for (var key = 0u; key < keys.length; key++) { scores[key] = vec4<f32>(0.0); }
  let slices = run_time(4u * params.groups);
  for (var i = 0u; i < slices; i++) { add_scores(rows, head * params.groups + i / 4u, i % 4u, keys); }
  var greatest = vec4<f32>(LOWEST);
  for (var key = 0u; key < keys.length; key++) { greatest = max(greatest, scores[key]); }
  return greatest;
}

// Scores to weights exp2(score - greatest), already times the scale of their V; returns the mass before that.
fn weigh_chunk(group: u32, keys: Keys, greatest: vec4<f32>) -> vec4<f32> {
  var mass = vec4<f32>(0.0);
  for (var key = 0u; key < keys.length; key++) {
    let p = exp2(scores[key] - greatest);
    mass += p;
    scores[key] = p * scale_of(group_at(keys.first_row + key, V, group));
  }
  return mass;
}

fn add_values(correction: vec4<f32>, group: u32, slice: u32, keys: Keys) {
  let at = slice * 4u;
  var t0 = totals[at] * correction.x;
  var t1 = totals[at + 1u] * correction.y;
  var t2 = totals[at + 2u] * correction.z;
  var t3 = totals[at + 3u] * correction.w;
  for (var key = 0u; key < keys.length; key++) {
    let v = values_of(group_at(keys.first_row + key, V, group) * 4u + slice);
    let weight = scores[key];
    t0 += v * weight.x;
    t1 += v * weight.y;
    t2 += v * weight.z;
    t3 += v * weight.w;
  }
  totals[at] = t0;
  totals[at + 1u] = t1;
  totals[at + 2u] = t2;
  totals[at + 3u] = t3;
}

// Row i of the thread's four: its peak, then its slices and scale.
fn store_row(i: u32, at: u32, mass: f32) {
  let slices = run_time(4u);
  var peak = 0.0;
  for (var slice = 0u; slice < slices; slice++) {
    peak = max(peak, peak_of(totals[slice * 4u + i]));
  }
  for (var slice = 0u; slice < slices; slice++) {
    store_slice(at * 4u + slice, totals[slice * 4u + i] * (1.0 / mass), peak / mass);
  }
  store_scale(at, peak / mass);
}

@compute @workgroup_size(ROWS_PER_WORKGROUP)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let group = workgroup.y;
  let first_row = workgroup.z * params.tokens;
  let first_query = workgroup.x * 4u * ROWS_PER_WORKGROUP + thread;
  let queries = first_query + vec4<u32>(0u, 1u, 2u, 3u) * ROWS_PER_WORKGROUP;
  let rows = first_row + min(queries, vec4<u32>(params.queries - 1u));
  let chunks = run_time((params.tokens + CHUNK - 1u) / CHUNK);
  let slices = run_time(4u);
  var greatest = vec4<f32>(LOWEST);
  var mass = vec4<f32>(0.0);
  for (var chunk = 0u; chunk < chunks; chunk++) {
    let keys = Keys(first_row + chunk * CHUNK, min(CHUNK, params.tokens - chunk * CHUNK));
    let next = max(greatest, score_chunk(rows, group / params.groups, keys));
    let correction = exp2(greatest - next);
    greatest = next;
    mass = mass * correction + weigh_chunk(group, keys, greatest);
    for (var slice = 0u; slice < slices; slice++) { add_values(correction, group, slice, keys); }
  }
  let four = run_time(4u);
  for (var i = 0u; i < four; i++) {
    if (queries[i] < params.queries) {
      store_row(i, (workgroup.z * params.queries + queries[i]) * params.heads * params.groups + group, mass[i]);
    }
  }
}
