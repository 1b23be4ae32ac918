// softmax(Q K^T / sqrt(head dim)) V in f32, as two matrix products: a workgroup takes 32 query rows of a head and 32 keys at a time,
// whose K and V it loads once. A running maximum from tile to tile (online softmax: Milakov and Gimelshein 2018), rounded up so
// that what is between tiles are powers of two.
import package::lib::attention::{params, out, HIDDEN, LOWEST, run_time, power_of_two, tiles_for};
import package::lib::attention::{query_row, key_row, out_row, group_at, out_group_at, score_scale, seen_score, inverse_length};
import package::lib::attention::{q_slice, k_slice, v_slice};

const ROW_THREADS: u32 = 8u;           // four queries each
const COLUMN_THREADS: u32 = 16u;       // two keys, then four channels each
const QUERIES: u32 = 32u;
const KEYS: u32 = 32u;                 // of a tile
const STEP: u32 = 4u;                  // slices of four channels a barrier pair

// Neighbours read neighbours, which is what banks of memory like.
var<workgroup> q_slab: array<vec4<f32>, STEP * QUERIES>;           // [slice][quarter of the queries][quad of queries]
var<workgroup> k_slab: array<vec4<f32>, STEP * KEYS>;              // [slice][half of the keys][pair of keys]
var<workgroup> weights: array<vec4<f32>, KEYS * ROW_THREADS>;      // [key][quad of queries]
var<workgroup> v_slab: array<vec4<f32>, 16u * COLUMN_THREADS>;     // [key of 16][quad of channels]
var<workgroup> greatest: array<atomic<i32>, 2u * QUERIES>;         // [tile is odd][query] score, rounded up

struct Pair { r0: vec2<f32>, r1: vec2<f32>, r2: vec2<f32>, r3: vec2<f32> }     // four queries by two keys
struct Quad { r0: vec4<f32>, r1: vec4<f32>, r2: vec4<f32>, r3: vec4<f32> }     // four queries by four channels

// One slice of 32 queries and 32 keys for each of STEP channels' quads: two loads a thread.
fn load_channels(sequence: u32, first_query: u32, first_key: u32, head: u32, slice: u32, thread: u32) {
  let row = thread % QUERIES;
  let at = thread / QUERIES;
  let group = head * params.groups;
  let q = group_at(query_row(sequence, min(first_query + row, params.queries - 1u)), 0u, group) * 16u;
  let k = group_at(key_row(sequence, min(first_key + row, params.tokens - 1u)), 1u, group) * 16u;
  q_slab[at * QUERIES + row % 4u * ROW_THREADS + row / 4u] = q_slice(q + slice + at);
  k_slab[at * KEYS + row % 2u * COLUMN_THREADS + row / 2u] = k_slice(k + slice + at);
}

fn load_values(sequence: u32, first_key: u32, group: u32, thread: u32) {
  for (var i = 0u; i < run_time(2u); i++) {
    let at = i * 128u + thread;
    let row = key_row(sequence, min(first_key + at / COLUMN_THREADS, params.tokens - 1u));
    v_slab[at] = v_slice(group_at(row, 2u, group) * 16u + at % COLUMN_THREADS);
  }
}

fn dots(query: vec4<f32>, k0: vec4<f32>, k1: vec4<f32>) -> vec2<f32> { return vec2<f32>(dot(query, k0), dot(query, k1)); }

fn add_scores(before: Pair, local: vec2<u32>) -> Pair {
  var sums = before;
  for (var i = 0u; i < run_time(STEP); i++) {
    let a = i * QUERIES + local.y;
    let b = i * KEYS + local.x;
    let k0 = k_slab[b];
    let k1 = k_slab[b + COLUMN_THREADS];
    sums.r0 += dots(q_slab[a], k0, k1);
    sums.r1 += dots(q_slab[a + ROW_THREADS], k0, k1);
    sums.r2 += dots(q_slab[a + 2u * ROW_THREADS], k0, k1);
    sums.r3 += dots(q_slab[a + 3u * ROW_THREADS], k0, k1);
  }
  return sums;
}

fn add_values(before: Quad, first: u32, local: vec2<u32>) -> Quad {
  var sums = before;
  for (var i = 0u; i < run_time(16u); i++) {
    let weight = weights[(first + i) * ROW_THREADS + local.y];
    let value = v_slab[i * COLUMN_THREADS + local.x];
    sums.r0 += value * weight.x;
    sums.r1 += value * weight.y;
    sums.r2 += value * weight.z;
    sums.r3 += value * weight.w;
  }
  return sums;
}

fn seen(score: vec2<f32>, factor: f32, sequence: u32, head: u32, query: u32, key: u32) -> vec2<f32> {
  return vec2<f32>(
    seen_score(score.x * factor, sequence, head, query, key), seen_score(score.y * factor, sequence, head, query, key + 1u));
}

fn raise_greatest(index: u32, score: vec2<f32>) { atomicMax(&greatest[index], i32(ceil(max(score.x, score.y)))); }

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

  var totals = Quad();
  var mass = vec4<f32>();
  var top = vec4<i32>(LOWEST);
  let tiles = tiles_for(first_query + QUERIES - 1u, KEYS);
  for (var tile = 0u; tile < tiles; tile++) {
    let parity = tile % 2u;
    let first_key = tile * KEYS;
    let key = first_key + 2u * local.x;
    var sums = Pair();
    for (var step = 0u; step < 4u * params.groups; step++) {
      workgroupBarrier();
      load_channels(sequence, first_query, first_key, head, step * STEP, thread);
      workgroupBarrier();
      sums = add_scores(sums, local);
    }
    // Keys' lengths are 1 but for cosines.
    let k_lengths = vec2<f32>(
      inverse_length(key_row(sequence, min(key, params.tokens - 1u)), 1u, head),
      inverse_length(key_row(sequence, min(key + 1u, params.tokens - 1u)), 1u, head));
    let factor = score_scale(head);
    sums.r0 = seen(sums.r0 * k_lengths, factor * length_of(sequence, query, head), sequence, head, query, key);
    sums.r1 = seen(sums.r1 * k_lengths, factor * length_of(sequence, query + 1u, head), sequence, head, query + 1u, key);
    sums.r2 = seen(sums.r2 * k_lengths, factor * length_of(sequence, query + 2u, head), sequence, head, query + 2u, key);
    sums.r3 = seen(sums.r3 * k_lengths, factor * length_of(sequence, query + 3u, head), sequence, head, query + 3u, key);
    let at = parity * QUERIES + 4u * local.y;
    raise_greatest(at, sums.r0);
    raise_greatest(at + 1u, sums.r1);
    raise_greatest(at + 2u, sums.r2);
    raise_greatest(at + 3u, sums.r3);
    workgroupBarrier();

    let here = vec4<i32>(atomicLoad(&greatest[at]), atomicLoad(&greatest[at + 1u]), atomicLoad(&greatest[at + 2u]), atomicLoad(&greatest[at + 3u]));
    let next = max(top, here);
    let most = vec4<f32>(next);
    let p0 = exp2(vec4<f32>(sums.r0.x, sums.r1.x, sums.r2.x, sums.r3.x) - most);
    let p1 = exp2(vec4<f32>(sums.r0.y, sums.r1.y, sums.r2.y, sums.r3.y) - most);
    weights[2u * local.x * ROW_THREADS + local.y] = p0;
    weights[(2u * local.x + 1u) * ROW_THREADS + local.y] = p1;
    let kept = vec4<f32>(power_of_two(top.x - next.x), power_of_two(top.y - next.y), power_of_two(top.z - next.z), power_of_two(top.w - next.w));
    mass = mass * kept + (p0 + p1);
    totals = Quad(totals.r0 * kept.x, totals.r1 * kept.y, totals.r2 * kept.z, totals.r3 * kept.w);
    top = next;
    for (var half = 0u; half < run_time(2u); half++) {
      load_values(sequence, first_key + 16u * half, group, thread);
      workgroupBarrier();
      // Nobody raises those of the other parity before the next tile.
      if (half == 0u && thread < QUERIES) { atomicStore(&greatest[(1u - parity) * QUERIES + thread], LOWEST); }
      totals = add_values(totals, 16u * half, local);
      workgroupBarrier();
    }
  }

  weights[local.y * COLUMN_THREADS + local.x] = mass;
  workgroupBarrier();
  mass = vec4<f32>();
  for (var i = 0u; i < run_time(COLUMN_THREADS); i++) { mass += weights[local.y * COLUMN_THREADS + i]; }
  store(sequence, query, group, local.x, totals.r0 / mass.x);
  store(sequence, query + 1u, group, local.x, totals.r1 / mass.y);
  store(sequence, query + 2u, group, local.x, totals.r2 / mass.z);
  store(sequence, query + 3u, group, local.x, totals.r3 / mass.w);
}

fn length_of(sequence: u32, query: u32, head: u32) -> f32 {
  return inverse_length(query_row(sequence, min(query, params.queries - 1u)), 0u, head);
}

fn store(sequence: u32, query: u32, group: u32, column4: u32, y: vec4<f32>) {
  if (query < params.queries) { out[out_group_at(out_row(sequence, query), group) * 16u + column4] = y; }
}
