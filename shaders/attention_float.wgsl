// softmax(Q K^T / sqrt(head dim)) V in f32, as two matrix products: a workgroup computes 32 query rows of a head with 32 keys at a time,
// whose K and V it loads once. The running maximum between tiles (online softmax: Milakov and Gimelshein 2018) is rounded up, so that the
// factors between tiles are powers of two.
import package::lib::attention::{params, out, HIDDEN, LOWEST, run_time, power_of_two, tiles_for};
import package::lib::attention::{query_row, key_row, out_row, group_at, out_group_at, score_scale, seen, parts_of, inverse_lengths};
import package::lib::attention::{q_slice, k_slice, v_slice};

const ROW_THREADS: u32 = 8u;           // four queries each
const COLUMN_THREADS: u32 = 16u;       // two keys, then four channels each
const QUERIES: u32 = 32u;
const KEYS: u32 = 32u;                 // of a tile
const STEP: u32 = 4u;                  // slices of four channels a barrier pair

// Neighbors read neighbors, which is what banks of memory like.
var<workgroup> q_slab: array<vec4<f32>, STEP * QUERIES>;           // [slice][quarter of the queries][quad of queries]
var<workgroup> k_slab: array<vec4<f32>, STEP * KEYS>;              // [slice][half of the keys][pair of keys]
var<workgroup> weights: array<vec4<f32>, KEYS * ROW_THREADS>;      // [key][quad of queries]
var<workgroup> v_slab: array<vec4<f32>, 16u * COLUMN_THREADS>;     // [key of 16][quad of channels]
var<workgroup> greatest: array<atomic<i32>, 2u * QUERIES>;         // [tile is odd][query] score, rounded up
var<workgroup> tops: array<vec4<i32>, ROW_THREADS>;                // [quad of queries]: the greatest of all tiles so far

struct Pair { c0: vec4<f32>, c1: vec4<f32> }                                   // four queries by two keys
struct Quad { r0: vec4<f32>, r1: vec4<f32>, r2: vec4<f32>, r3: vec4<f32> }     // four queries by four channels

// One slice of 32 queries and 32 keys for each of STEP channels' quads: two loads a thread.
fn load_channels(sequence: u32, first_query: u32, first_key: u32, head: u32, slice: u32, thread: u32) {
  let row = thread % QUERIES;
  let at = thread / QUERIES;
  let group = head * params.groups;
  let q_at = group_at(query_row(sequence, min(first_query + row, params.queries - 1u)), 0u, group) * 16u;
  let k_at = group_at(key_row(sequence, min(first_key + row, params.tokens - 1u)), 1u, group) * 16u;
  q_slab[at * QUERIES + row % 4u * ROW_THREADS + row / 4u] = q_slice(q_at + slice + at);
  k_slab[at * KEYS + row % 2u * COLUMN_THREADS + row / 2u] = k_slice(k_at + slice + at);
}

fn load_values(sequence: u32, first_key: u32, group: u32, thread: u32) {
  for (var left = run_time(2u); left > 0u; left--) {
    let at = (left - 1u) * 128u + thread;
    let row = key_row(sequence, min(first_key + at / COLUMN_THREADS, params.tokens - 1u));
    v_slab[at] = v_slice(group_at(row, 2u, group) * 16u + at % COLUMN_THREADS);
  }
}

fn dots(a: u32, key: vec4<f32>) -> vec4<f32> {
  return vec4<f32>(
    dot(q_slab[a], key), dot(q_slab[a + ROW_THREADS], key), dot(q_slab[a + 2u * ROW_THREADS], key), dot(q_slab[a + 3u * ROW_THREADS], key));
}

fn add_scores(before: Pair, local: vec2<u32>) -> Pair {
  var sums = before;
  for (var left = run_time(STEP); left > 0u; left--) {
    let i = STEP - left;
    let a = i * QUERIES + local.y;
    let b = i * KEYS + local.x;
    sums.c0 += dots(a, k_slab[b]);
    sums.c1 += dots(a, k_slab[b + COLUMN_THREADS]);
  }
  return sums;
}

fn add_values(before: Quad, first: u32, local: vec2<u32>) -> Quad {
  var sums = before;
  for (var left = run_time(16u); left > 0u; left--) {
    let i = 16u - left;
    let weight = weights[(first + i) * ROW_THREADS + local.y];
    let value = v_slab[i * COLUMN_THREADS + local.x];
    sums.r0 += value * weight.x;
    sums.r1 += value * weight.y;
    sums.r2 += value * weight.z;
    sums.r3 += value * weight.w;
  }
  return sums;
}

fn four_from(first: u32) -> vec4<u32> { return first + vec4<u32>(0u, 1u, 2u, 3u); }

fn raise_greatest(index: u32, a: f32, b: f32) { atomicMax(&greatest[index], i32(ceil(max(a, b)))); }

@compute @workgroup_size(COLUMN_THREADS, ROW_THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let local = local_id.xy;
  let group = workgroup.y;
  let head = group / params.groups;
  let sequence = workgroup.z;
  let first_query = workgroup.x * QUERIES;
  let query = first_query + 4u * local.y;
  if (thread < 2u * QUERIES) { atomicStore(&greatest[thread], LOWEST); }
  if (thread < ROW_THREADS) { tops[thread] = vec4<i32>(LOWEST); }

  let there = min(four_from(query), vec4<u32>(params.queries - 1u));
  let query_parts = parts_of(sequence, four_from(query));
  let rows = vec4<u32>(
    query_row(sequence, there.x), query_row(sequence, there.y), query_row(sequence, there.z), query_row(sequence, there.w));
  let factors = inverse_lengths(rows, 0u, head) * score_scale(head);
  var totals = Quad();
  var mass = vec4<f32>();
  let tiles = tiles_for(first_query + QUERIES - 1u, KEYS);
  for (var left = tiles; left > 0u; left--) {
    let tile = tiles - left;
    let parity = tile % 2u;
    let first_key = tile * KEYS;
    let key = first_key + 2u * local.x;
    var sums = Pair();
    for (var steps = 4u * params.groups; steps > 0u; steps--) {
      let step = 4u * params.groups - steps;
      workgroupBarrier();
      load_channels(sequence, first_query, first_key, head, step * STEP, thread);
      workgroupBarrier();
      sums = add_scores(sums, local);
    }
    let keys = min(vec4<u32>(key, key + 1u, key, key), vec4<u32>(params.tokens - 1u));
    let k_lengths = inverse_lengths(vec4<u32>(key_row(sequence, keys.x), key_row(sequence, keys.y), key_row(sequence, keys.x), key_row(sequence, keys.x)), 1u, head);
    let key_parts = parts_of(sequence, vec4<u32>(key, key + 1u, key, key));
    let queries = four_from(query);
    sums.c0 = seen(sums.c0 * factors * k_lengths.x, head, queries, vec4<u32>(key), query_parts != vec4<u32>(key_parts.x));
    sums.c1 = seen(sums.c1 * factors * k_lengths.y, head, queries, vec4<u32>(key + 1u), query_parts != vec4<u32>(key_parts.y));
    let at = parity * QUERIES + 4u * local.y;
    raise_greatest(at, sums.c0.x, sums.c1.x);
    raise_greatest(at + 1u, sums.c0.y, sums.c1.y);
    raise_greatest(at + 2u, sums.c0.z, sums.c1.z);
    raise_greatest(at + 3u, sums.c0.w, sums.c1.w);
    workgroupBarrier();

    let here = vec4<i32>(atomicLoad(&greatest[at]), atomicLoad(&greatest[at + 1u]), atomicLoad(&greatest[at + 2u]), atomicLoad(&greatest[at + 3u]));
    let top = tops[local.y];
    let next = max(top, here);
    let kept = vec4<f32>(power_of_two(top.x - next.x), power_of_two(top.y - next.y), power_of_two(top.z - next.z), power_of_two(top.w - next.w));
    totals = Quad(totals.r0 * kept.x, totals.r1 * kept.y, totals.r2 * kept.z, totals.r3 * kept.w);
    let most = vec4<f32>(next);
    let p0 = exp2(sums.c0 - most);
    let p1 = exp2(sums.c1 - most);
    mass = mass * kept + (p0 + p1);
    weights[2u * local.x * ROW_THREADS + local.y] = p0;
    weights[(2u * local.x + 1u) * ROW_THREADS + local.y] = p1;
    for (var halves = run_time(2u); halves > 0u; halves--) {
      let half = 2u - halves;
      load_values(sequence, first_key + 16u * half, group, thread);
      workgroupBarrier();
      // The maximums of the other parity are not raised before the next tile.
      if (half == 0u && local.x == 0u) { tops[local.y] = next; }
      if (half == 0u && thread < QUERIES) { atomicStore(&greatest[(1u - parity) * QUERIES + thread], LOWEST); }
      totals = add_values(totals, 16u * half, local);
      workgroupBarrier();
    }
  }

  weights[local.y * COLUMN_THREADS + local.x] = mass;
  workgroupBarrier();
  mass = vec4<f32>();
  for (var left = run_time(COLUMN_THREADS); left > 0u; left--) { mass += weights[local.y * COLUMN_THREADS + COLUMN_THREADS - left]; }
  store(sequence, query, group, local.x, totals.r0 / mass.x);
  store(sequence, query + 1u, group, local.x, totals.r1 / mass.y);
  store(sequence, query + 2u, group, local.x, totals.r2 / mass.z);
  store(sequence, query + 3u, group, local.x, totals.r3 / mass.w);
}

fn store(sequence: u32, query: u32, group: u32, column4: u32, y: vec4<f32>) {
  if (query < params.queries) { out[out_group_at(out_row(sequence, query), group) * 16u + column4] = y; }
}
