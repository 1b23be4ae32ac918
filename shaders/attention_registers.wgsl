// softmax(Q K^T / sqrt(head dim)) V, one query row per thread with its 64 outputs in registers, CHUNK keys at a time
// with a running maximum (online softmax: Milakov and Gimelshein 2018), so any number of tokens fits. The shape for GPUs:
// K and V are read at the same address by every thread of a workgroup. Q.K in int8, softmax and P.V in f32.
import package::lib::attention::{params, ROWS_PER_WORKGROUP, Q, K, V, LOWEST};
import package::lib::attention::{Slice, run_time, group_at, slice_of, dot_slices, scale_of, values_of, peak_of, store_slice, store_scale};

const CHUNK: u32 = 32u;
var<workgroup> scores: array<f32, CHUNK * ROWS_PER_WORKGROUP>;     // [key][thread], no thread reads another's

// 64 channels: a group of Q or K in the form of the inner product, or the output in f32.
struct Channels { c0: Slice, c1: Slice, c2: Slice, c3: Slice }
struct Values { c0: mat4x4<f32>, c1: mat4x4<f32>, c2: mat4x4<f32>, c3: mat4x4<f32> }

fn channels(group: u32) -> Channels {
  let i = group * 4u;
  return Channels(slice_of(i), slice_of(i + 1u), slice_of(i + 2u), slice_of(i + 3u));
}

fn dot64(q: Channels, k: Channels) -> f32 {
  return dot_slices(q.c0, k.c0) + dot_slices(q.c1, k.c1) + dot_slices(q.c2, k.c2) + dot_slices(q.c3, k.c3);
}

fn add_values(total: Values, group: u32, weight: f32) -> Values {
  let i = group * 4u;
  return Values(
    total.c0 + values_of(i) * weight, total.c1 + values_of(i + 1u) * weight,
    total.c2 + values_of(i + 2u) * weight, total.c3 + values_of(i + 3u) * weight);
}

fn scaled(total: Values, factor: f32) -> Values {
  return Values(total.c0 * factor, total.c1 * factor, total.c2 * factor, total.c3 * factor);
}

// A query's channels, with its scales already times score_scale; the second group only where a head has two.
struct Query { first: Channels, second: Channels, first_scale: f32, second_scale: f32 }

fn query_of(row: u32, head: u32) -> Query {
  let first = group_at(row, Q, head * params.groups);
  let second = first + params.groups - 1u;
  return Query(channels(first), channels(second), scale_of(first) * params.score_scale, scale_of(second) * params.score_scale);
}

fn score(query: Query, row: u32, head: u32) -> f32 {
  let group = group_at(row, K, head * params.groups);
  var sum = dot64(query.first, channels(group)) * (query.first_scale * scale_of(group));
  if (params.groups == 2u) { sum += dot64(query.second, channels(group + 1u)) * (query.second_scale * scale_of(group + 1u)); }
  return sum;
}

fn store(group: u32, y: Values) {
  let peak = max(max(peak_of(y.c0), peak_of(y.c1)), max(peak_of(y.c2), peak_of(y.c3)));
  store_slice(group * 4u, y.c0, peak);
  store_slice(group * 4u + 1u, y.c1, peak);
  store_slice(group * 4u + 2u, y.c2, peak);
  store_slice(group * 4u + 3u, y.c3, peak);
  store_scale(group, peak);
}

@compute @workgroup_size(ROWS_PER_WORKGROUP)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let group = workgroup.y;
  let head = group / params.groups;
  let first_row = workgroup.z * params.tokens;
  let query_row = min(workgroup.x * ROWS_PER_WORKGROUP + thread, params.queries - 1u);
  let query = query_of(first_row + query_row, head);
  var greatest = LOWEST;
  var mass = 0.0;
  var total = Values();
  let chunks = run_time((params.tokens + CHUNK - 1u) / CHUNK);
  for (var chunk = 0u; chunk < chunks; chunk++) {
    let first = chunk * CHUNK;
    let length = run_time(min(CHUNK, params.tokens - first));
    var next = greatest;
    for (var key = 0u; key < length; key++) {
      let s = score(query, first_row + first + key, head);
      scores[key * ROWS_PER_WORKGROUP + thread] = s;
      next = max(next, s);
    }
    let correction = exp2(greatest - next);
    greatest = next;
    mass *= correction;
    total = scaled(total, correction);
    for (var key = 0u; key < length; key++) {
      let p = exp2(scores[key * ROWS_PER_WORKGROUP + thread] - greatest);
      let value_group = group_at(first_row + first + key, V, group);
      mass += p;
      total = add_values(total, value_group, p * scale_of(value_group));
    }
  }
  if (workgroup.x * ROWS_PER_WORKGROUP + thread < params.queries) {
    store((workgroup.z * params.queries + query_row) * params.heads * params.groups + group, scaled(total, 1.0 / mass));
  }
}
