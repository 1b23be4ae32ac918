// softmax(Q K^T / sqrt(head dim)) V, four query rows per thread, slice by slice of 16 channels: scores of a tile of 64 keys, then
// their weights, then P.V. It computes what attention_tiled.wgsl does, in the shape for software adapters: a slice of K or V is read
// and unpacked once for four rows, and a body of one slice and one key compiles fast. Weights are integers of 14 bits as there; their
// sums with V are in f32, which rounds what is above 2^24. Vectors hold the four rows; they are ROWS_PER_WORKGROUP apart.
import package::lib::attention::{params, out, out_scale, HIDDEN, LOWEST, run_time, power_of_two};
import package::lib::attention::{query_row, key_row, out_row, group_at, out_group_at, score_scale};
import package::lib::attention::{q_slice, k_slice, v_slice, q_scale_at, k_scale_at, v_scale_at};
import package::lib::pack::{quantize_i8, inverse_scale, unpack_i8};
import package::lib::sixteen::{Sixteen, sixteen, dot16};

override ROWS_PER_WORKGROUP: u32 = 8u;
const KEYS: u32 = 64u;            // of a tile

// Private, not workgroup: SwiftShader clears workgroup memory by one store a word, which took most of a second to compile.
var<private> sums: array<vec4<f32>, KEYS>;            // [key] of products of a group of 64 channels
var<private> scores: array<vec4<f32>, KEYS>;          // [key], then weights
var<private> totals: array<mat4x4<f32>, 16u>;         // [slice][row], not yet divided by mass

struct Keys { sequence: u32, first: u32, length: u32 }

fn group_of(key: u32, keys: Keys, part: u32, group: u32) -> u32 { return group_at(key_row(keys.sequence, keys.first + key), part, group); }

// Adds to each sum what 16 channels of one group of the head contribute.
fn add_products(at: vec4<u32>, group: u32, slice: u32, keys: Keys) {
  let q0 = sixteen(q_slice(at.x * 4u + slice));
  let q1 = sixteen(q_slice(at.y * 4u + slice));
  let q2 = sixteen(q_slice(at.z * 4u + slice));
  let q3 = sixteen(q_slice(at.w * 4u + slice));
  for (var left = keys.length; left > 0u; left--) {
    let key = keys.length - left;
    let k = sixteen(k_slice(group_of(key, keys, 1u, group) * 4u + slice));
    sums[key] += vec4<f32>(vec4(dot16(q0, k), dot16(q1, k), dot16(q2, k), dot16(q3, k)));
  }
}

fn add_scores(rows: vec4<u32>, group: u32, factor: f32, keys: Keys) {
  let at = vec4<u32>(group_at(rows.x, 0u, group), group_at(rows.y, 0u, group), group_at(rows.z, 0u, group), group_at(rows.w, 0u, group));
  for (var left = keys.length; left > 0u; left--) { let key = keys.length - left; sums[key] = vec4<f32>(); }
  let slices = run_time(4u);
  for (var left = slices; left > 0u; left--) { let slice = slices - left; add_products(at, group, slice, keys); }
  let q_scale = vec4<f32>(q_scale_at(at.x), q_scale_at(at.y), q_scale_at(at.z), q_scale_at(at.w)) * factor;
  for (var left = keys.length; left > 0u; left--) {
    let key = keys.length - left;
    scores[key] += sums[key] * q_scale * k_scale_at(group_of(key, keys, 1u, group));
  }
}

// The greatest score of each row, rounded up.
fn score_tile(rows: vec4<u32>, queries: vec4<u32>, head: u32, keys: Keys) -> vec4<i32> {
  for (var left = keys.length; left > 0u; left--) { let key = keys.length - left; scores[key] = vec4<f32>(); }
  let groups = run_time(params.groups);
  for (var left = groups; left > 0u; left--) { let g = groups - left; add_scores(rows, head * params.groups + g, score_scale(head), keys); }
  var greatest = vec4<f32>(HIDDEN);
  for (var left = keys.length; left > 0u; left--) {
    let key = keys.length - left;
    if (params.causal > 0u) { scores[key] = select(scores[key], vec4<f32>(HIDDEN), queries < vec4<u32>(keys.first + key)); }
    greatest = max(greatest, scores[key]);
  }
  return max(vec4<i32>(ceil(greatest)), vec4<i32>(LOWEST));
}

// The power of two above the greatest scale of V.
fn places_of(group: u32, keys: Keys) -> i32 {
  var greatest = 0.0;
  for (var left = keys.length; left > 0u; left--) { let key = keys.length - left; greatest = max(greatest, v_scale_at(group_of(key, keys, 2u, group))); }
  return i32(bitcast<u32>(greatest) >> 23u) - 126;
}

// Scores to weights of 14 bits; returns the mass, which is not rounded.
fn weigh_tile(group: u32, keys: Keys, greatest: vec4<i32>, places: i32) -> vec4<f32> {
  let unit = power_of_two(14 - places);
  let most = vec4<f32>(greatest);
  var mass = vec4<f32>(0.0);
  for (var left = keys.length; left > 0u; left--) {
    let key = keys.length - left;
    let p = exp2(scores[key] - most);
    mass += p;
    scores[key] = min(round(p * (v_scale_at(group_of(key, keys, 2u, group)) * unit)), vec4<f32>(16383.0));
  }
  return mass;
}

fn values_of(words: vec4<u32>) -> mat4x4<f32> {
  return mat4x4<f32>(
    vec4<f32>(unpack_i8(words.x)), vec4<f32>(unpack_i8(words.y)),
    vec4<f32>(unpack_i8(words.z)), vec4<f32>(unpack_i8(words.w)));
}

fn add_values(kept: vec4<f32>, units: vec4<f32>, group: u32, slice: u32, keys: Keys) {
  let at = slice * 4u;
  var t0 = mat4x4<f32>();
  var t1 = mat4x4<f32>();
  var t2 = mat4x4<f32>();
  var t3 = mat4x4<f32>();
  for (var left = keys.length; left > 0u; left--) {
    let key = keys.length - left;
    let v = values_of(v_slice(group_of(key, keys, 2u, group) * 4u + slice));
    let weight = scores[key];
    t0 += v * weight.x;
    t1 += v * weight.y;
    t2 += v * weight.z;
    t3 += v * weight.w;
  }
  totals[at] = totals[at] * kept.x + t0 * units.x;
  totals[at + 1u] = totals[at + 1u] * kept.y + t1 * units.y;
  totals[at + 2u] = totals[at + 2u] * kept.z + t2 * units.z;
  totals[at + 3u] = totals[at + 3u] * kept.w + t3 * units.w;
}

fn peak_of(values: mat4x4<f32>) -> f32 {
  let m = max(max(abs(values[0]), abs(values[1])), max(abs(values[2]), abs(values[3])));
  return max(max(m.x, m.y), max(m.z, m.w));
}

// Row i of the thread's four: its peak, then its slices and scale.
fn store_row(i: u32, at: u32, mass: f32) {
  let slices = run_time(4u);
  var peak = 0.0;
  for (var left = slices; left > 0u; left--) {
    let slice = slices - left;
    peak = max(peak, peak_of(totals[slice * 4u + i]));
  }
  let inverse = inverse_scale(peak);
  for (var left = slices; left > 0u; left--) {
    let slice = slices - left;
    let y = totals[slice * 4u + i];
    out[at * 4u + slice] = vec4<u32>(
      quantize_i8(y[0], inverse), quantize_i8(y[1], inverse), quantize_i8(y[2], inverse), quantize_i8(y[3], inverse));
  }
  out_scale[at] = peak / (127.0 * mass);
}

fn powers_of_two(n: vec4<i32>) -> vec4<f32> {
  return vec4<f32>(power_of_two(n.x), power_of_two(n.y), power_of_two(n.z), power_of_two(n.w));
}

@compute @workgroup_size(ROWS_PER_WORKGROUP)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let group = workgroup.y;
  let sequence = workgroup.z;
  let first_query = workgroup.x * 4u * ROWS_PER_WORKGROUP + thread;
  let queries = first_query + vec4<u32>(0u, 1u, 2u, 3u) * ROWS_PER_WORKGROUP;
  let there = min(queries, vec4<u32>(params.queries - 1u));
  let rows = vec4<u32>(
    query_row(sequence, there.x), query_row(sequence, there.y), query_row(sequence, there.z), query_row(sequence, there.w));
  let tiles = run_time((params.tokens + KEYS - 1u) / KEYS);
  let slices = run_time(4u);
  var greatest = vec4<i32>(LOWEST);
  var mass = vec4<f32>(0.0);
  for (var left = tiles; left > 0u; left--) {
    let tile = tiles - left;
    let keys = Keys(sequence, tile * KEYS, min(KEYS, params.tokens - tile * KEYS));
    let here = score_tile(rows, there, group / params.groups, keys);
    let places = places_of(group, keys);
    let next = max(greatest, here);
    let kept = powers_of_two(greatest - next);
    let added = powers_of_two(here - next);
    greatest = next;
    mass = mass * kept + weigh_tile(group, keys, here, places) * added;
    let units = added * power_of_two(places - 14);
    for (var left = slices; left > 0u; left--) { let slice = slices - left; add_values(kept, units, group, slice, keys); }
  }
  let four = run_time(4u);
  for (var left = four; left > 0u; left--) {
    let i = four - left;
    if (queries[i] < params.queries) { store_row(i, out_group_at(out_row(sequence, queries[i]), group), mass[i]); }
  }
}
