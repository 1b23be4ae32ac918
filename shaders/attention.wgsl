// softmax(Q K^T / sqrt(head dim)) V, one query row per thread, slice by slice of 16 channels: scores of a chunk of keys,
// then their softmax, then P.V. Where all tokens fit one chunk that is the whole of it; longer sequences carry a running
// maximum from chunk to chunk (online softmax: Milakov and Gimelshein 2018). Q.K in int8, softmax and P.V in f32.
// A body of one slice and one key compiles fast and needs few registers; the shape for software adapters.
import package::lib::attention::{params, ROWS_PER_WORKGROUP, Q, K, V, LOWEST};
import package::lib::attention::{run_time, group_at, slice_of, dot_slices, scale_of, values_of, peak_of, store_slice, store_scale};

override CHUNK: u32;              // keys at a time; all of them where they fit

var<workgroup> scores: array<f32, CHUNK * ROWS_PER_WORKGROUP>;               // [key][thread], no thread reads another's
var<workgroup> totals: array<mat4x4<f32>, 4u * ROWS_PER_WORKGROUP>;          // [slice][thread], not yet divided by mass

struct Keys { first_row: u32, length: u32 }

// Adds to each score what 16 channels of one group of the head contribute.
fn add_scores(query_group: u32, key_group: u32, slice: u32, keys: Keys, thread: u32) {
  let q = slice_of(query_group * 4u + slice);
  let q_scale = scale_of(query_group) * params.score_scale;
  for (var key = 0u; key < keys.length; key++) {
    let group = group_at(keys.first_row + key, K, key_group);
    let at = key * ROWS_PER_WORKGROUP + thread;
    scores[at] += dot_slices(q, slice_of(group * 4u + slice)) * (q_scale * scale_of(group));
  }
}

fn score_chunk(row: u32, head: u32, keys: Keys, thread: u32) -> f32 {
  for (var key = 0u; key < keys.length; key++) { scores[key * ROWS_PER_WORKGROUP + thread] = 0.0; }
  let slices = run_time(4u * params.groups);
  for (var i = 0u; i < slices; i++) {
    let group = head * params.groups + i / 4u;
    add_scores(group_at(row, Q, group), group, i % 4u, keys, thread);
  }
  var greatest = LOWEST;
  for (var key = 0u; key < keys.length; key++) { greatest = max(greatest, scores[key * ROWS_PER_WORKGROUP + thread]); }
  return greatest;
}

// Scores to weights exp2(score - greatest), already times the scale of their V; returns the mass before that.
fn weigh_chunk(group: u32, keys: Keys, thread: u32, greatest: f32) -> f32 {
  var mass = 0.0;
  for (var key = 0u; key < keys.length; key++) {
    let at = key * ROWS_PER_WORKGROUP + thread;
    let p = exp2(scores[at] - greatest);
    mass += p;
    scores[at] = p * scale_of(group_at(keys.first_row + key, V, group));
  }
  return mass;
}

fn add_values(total: mat4x4<f32>, group: u32, slice: u32, keys: Keys, thread: u32) -> mat4x4<f32> {
  var sum = total;
  for (var key = 0u; key < keys.length; key++) {
    let at = group_at(keys.first_row + key, V, group) * 4u + slice;
    sum += values_of(at) * scores[key * ROWS_PER_WORKGROUP + thread];
  }
  return sum;
}

@compute @workgroup_size(ROWS_PER_WORKGROUP)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let group = workgroup.y;
  let first_row = workgroup.z * params.tokens;
  let query_row = min(workgroup.x * ROWS_PER_WORKGROUP + thread, params.queries - 1u);
  let chunks = run_time((params.tokens + CHUNK - 1u) / CHUNK);
  let slices = run_time(4u);
  var greatest = LOWEST;
  var mass = 0.0;
  for (var chunk = 0u; chunk < chunks; chunk++) {
    let keys = Keys(first_row + chunk * CHUNK, run_time(min(CHUNK, params.tokens - chunk * CHUNK)));
    let next = max(greatest, score_chunk(first_row + query_row, group / params.groups, keys, thread));
    let correction = exp2(greatest - next);
    greatest = next;
    mass = mass * correction + weigh_chunk(group, keys, thread, greatest);
    for (var slice = 0u; slice < slices; slice++) {
      let at = slice * ROWS_PER_WORKGROUP + thread;
      totals[at] = add_values(totals[at] * correction, group, slice, keys, thread);
    }
  }
  var peak = 0.0;
  for (var slice = 0u; slice < slices; slice++) { peak = max(peak, peak_of(totals[slice * ROWS_PER_WORKGROUP + thread])); }
  peak /= mass;
  if (workgroup.x * ROWS_PER_WORKGROUP + thread < params.queries) {
    let at = (workgroup.z * params.queries + query_row) * params.heads * params.groups + group;
    for (var slice = 0u; slice < slices; slice++) {
      store_slice(at * 4u + slice, totals[slice * ROWS_PER_WORKGROUP + thread] * (1.0 / mass), peak);
    }
    store_scale(at, peak);
  }
}
