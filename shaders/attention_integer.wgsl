// softmax(Q K^T / sqrt(head dim)) V in integers only, with the exponential of `ibert` or `ivit`: one workgroup for four query rows and a
// group of 64 channels, a key per thread for the scores, a channel per thread for P.V; vectors have the four rows. Scores are computed
// twice, once for their maximum, so any number of tokens fits; those of the first KEPT keys are kept. The mass is the sum of the same
// integers that weigh V, so none of it is lost.
import package::lib::dyadic::{FRACTION, scaled, times, exponent, reciprocal, int8_step, int8_scale};
import package::lib::pack::pack_i8;
import package::lib::sixteen::{Sixteen, sixteen, dot16};
@if(ibert) import package::lib::ibert::power_integer;
@if(ivit) import package::lib::ivit::power_integer;

// Scales are the bits of an f32.
struct Params { tokens: u32, queries: u32, heads: u32, groups: u32, score_scale: u32 }
@group(0) @binding(0) var<storage, read> qkv: array<vec4<u32>>;             // [rows, 3, heads, 64 groups] int8
@group(0) @binding(1) var<storage, read> qkv_scale: array<u32>;             // [rows, 3, heads, groups]
@group(0) @binding(2) var<storage, read_write> out: array<u32>;             // [images * queries, heads, 64 groups] int8
@group(0) @binding(3) var<storage, read_write> out_scale: array<u32>;       // [images * queries, heads, groups]
@group(0) @binding(4) var<uniform> params: Params;

const THREADS: u32 = 64u;
const ROWS: u32 = 4u;
const SCORE_PLACES: i32 = 16;
const KEPT: u32 = 256u;
var<workgroup> query: array<Sixteen, 8u * ROWS>;                // [group][row][slice of 16 channels]
var<workgroup> query_scale: array<u32, 2u * ROWS>;              // [group][row], with the scale of scores
var<workgroup> kept: array<vec4<i32>, KEPT>;                    // scores of keys
var<workgroup> greatest: array<atomic<i32>, ROWS>;              // score
var<workgroup> greatest_scale: atomic<u32>;                     // of V: the bits of positive f32 are in their order
var<workgroup> mass: array<atomic<u32>, ROWS>;
var<workgroup> peak: array<atomic<u32>, ROWS>;
var<workgroup> staged: array<vec4<i32>, THREADS>;               // weights of keys, then outputs

// n, as a loop bound that only run time knows: drivers unroll constant ones whole, at half a minute of compile time here.
fn run_time(n: u32) -> u32 { return n * min(arrayLength(&qkv), 1u); }

fn group_at(row: u32, part: u32, group: u32) -> u32 { return (row * 3u + part) * params.heads * params.groups + group; }

fn load_query(first_row: u32, first_query: u32, head: u32, thread: u32) {
  let group = thread / (4u * ROWS);
  let row = first_row + min(first_query + thread / 4u % ROWS, params.queries - 1u);
  let at = group_at(row, 0u, head * params.groups + group);
  if (group < params.groups) {
    query[thread] = sixteen(qkv[at * 4u + thread % 4u]);
    if (thread % 4u == 0u) { query_scale[thread / 4u] = times(qkv_scale[at], params.score_scale); }
  }
  if (thread < ROWS) { atomicStore(&greatest[thread], -0x7fffffff); }
}

fn scores(key_row: u32, head: u32) -> vec4<i32> {
  var sums = vec4<i32>();
  for (var left = params.groups; left > 0u; left--) {
    let group = params.groups - left;
    let k = group_at(key_row, 1u, head * params.groups + group);
    var products = vec4<i32>();
    for (var left = run_time(4u); left > 0u; left--) {
      let i = 4u - left;
      let slice = sixteen(qkv[k * 4u + i]);
      let at = group * 4u * ROWS + i;
      products += vec4<i32>(vec4(
        dot16(query[at], slice), dot16(query[at + 4u], slice), dot16(query[at + 8u], slice), dot16(query[at + 12u], slice)));
    }
    for (var left = run_time(ROWS); left > 0u; left--) {
      let r = ROWS - left;
      sums[r] += scaled(products[r], times(query_scale[group * ROWS + r], qkv_scale[k]), SCORE_PLACES);
    }
  }
  return sums;
}

// 2^-distance with so many places that 127 times the sum over all tokens stays below 2^31.
fn weight_of(distance: u32) -> u32 {
  let excess = 32u - countLeadingZeros((params.tokens - 1u) >> 9u);
  return (power_integer(distance) + ((1u << excess) >> 1u)) >> excess;
}

fn value(group: u32, channel: u32) -> i32 {
  let word = qkv[group * 4u + channel / 16u][(channel / 4u) % 4u];
  return bitcast<i32>(word << (24u - 8u * (channel % 4u))) >> 24u;
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let group = workgroup.y;
  let head = group / params.groups;
  let first_row = workgroup.z * params.tokens;
  let first_query = workgroup.x * ROWS;
  load_query(first_row, first_query, head, thread);
  workgroupBarrier();
  for (var key = thread; key < params.tokens; key += THREADS) {
    let sums = scores(first_row + key, head);
    if (key < KEPT) { kept[key] = sums; }
    for (var left = run_time(ROWS); left > 0u; left--) { let r = ROWS - left; atomicMax(&greatest[r], sums[r]); }
    atomicMax(&greatest_scale, qkv_scale[group_at(first_row + key, 2u, group)]);
  }
  workgroupBarrier();
  // The greatest scale of V is taken as 1/2 to 1.
  let places = -24 - exponent(atomicLoad(&greatest_scale));

  var totals = vec4<i32>();
  let chunks = (params.tokens + THREADS - 1u) / THREADS;
  for (var left = chunks; left > 0u; left--) {
    let chunk = chunks - left;
    let first_key = chunk * THREADS;
    let length = min(THREADS, params.tokens - first_key);
    if (thread < length) {
      let key_row = first_row + first_key + thread;
      let scale = qkv_scale[group_at(key_row, 2u, group)];
      var sums: vec4<i32>;
      if (first_key < KEPT) { sums = kept[first_key + thread]; } else { sums = scores(key_row, head); }
      for (var left = run_time(ROWS); left > 0u; left--) {
        let r = ROWS - left;
        let weight = weight_of(bitcast<u32>(atomicLoad(&greatest[r])) - bitcast<u32>(sums[r]));
        atomicAdd(&mass[r], weight);
        staged[thread][r] = scaled(i32(weight), scale, places);
      }
    }
    workgroupBarrier();
    for (var left = length; left > 0u; left--) {
      let key = length - left;
      totals += staged[key] * value(group_at(first_row + first_key + key, 2u, group), thread);
    }
    workgroupBarrier();
  }

  for (var left = run_time(ROWS); left > 0u; left--) {
    let r = ROWS - left;
    totals[r] = scaled(totals[r], reciprocal(atomicLoad(&mass[r])), FRACTION - places);
    atomicMax(&peak[r], u32(abs(totals[r])));
  }
  workgroupBarrier();
  for (var left = run_time(ROWS); left > 0u; left--) { let r = ROWS - left; staged[thread][r] = int8_step(totals[r], atomicLoad(&peak[r])); }
  workgroupBarrier();
  store(workgroup.z, first_query + thread / 16u, group, thread);
}

// Four channels of one row by each thread.
fn store(image: u32, query_row: u32, group: u32, thread: u32) {
  if (query_row >= params.queries) { return; }
  let at = (image * params.queries + query_row) * params.heads * params.groups + group;
  let r = thread / 16u;
  let i = thread % 16u * 4u;
  out[at * 16u + thread % 16u] = pack_i8(vec4<i32>(staged[i][r], staged[i + 1u][r], staged[i + 2u][r], staged[i + 3u][r]));
  if (thread % 16u == 0u) { out_scale[at] = int8_scale(atomicLoad(&peak[r]), FRACTION); }
}
