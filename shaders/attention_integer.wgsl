// softmax(Q K^T / sqrt(head dim)) V in integers alone, with the exponential of `ibert` or `ivit`: one workgroup per query row
// and group of 64 channels, a key per thread for the scores, a channel per thread for P.V. Scores are made twice, once for
// their maximum, so any number of tokens fits. The mass is the sum of the very integers that weigh V, so that none is lost.
import package::lib::dyadic::{FRACTION, scaled, times, exponent, reciprocal, int8_step, int8_scale};
import package::lib::pack::pack_i8;
import package::lib::sixteen::{sixteen, dot16};
@if(ibert) import package::lib::ibert::power_integer;
@if(ivit) import package::lib::ivit::power_integer;

// As in lib/attention.wgsl; scales are the bits of an f32.
struct Params { tokens: u32, queries: u32, heads: u32, groups: u32, score_scale: u32 }
@group(0) @binding(0) var<storage, read> qkv: array<vec4<u32>>;             // [rows, 3, heads, 64 groups] int8
@group(0) @binding(1) var<storage, read> qkv_scale: array<u32>;             // [rows, 3, heads, groups]
@group(0) @binding(2) var<storage, read_write> out: array<u32>;             // [images * queries, heads, 64 groups] int8
@group(0) @binding(3) var<storage, read_write> out_scale: array<u32>;       // [images * queries, heads, groups]
@group(0) @binding(4) var<uniform> params: Params;

const THREADS: u32 = 64u;
const SCORE_PLACES: i32 = 16;
var<workgroup> greatest: atomic<i32>;               // score
var<workgroup> greatest_scale: atomic<u32>;         // of V: the bits of positive f32 are in their order
var<workgroup> mass: atomic<u32>;
var<workgroup> peak: atomic<u32>;
var<workgroup> staged: array<i32, THREADS>;         // weights of keys, then outputs

fn group_at(row: u32, part: u32, group: u32) -> u32 { return (row * 3u + part) * params.heads * params.groups + group; }

// Q.K of one group of 64 channels, each an index of a group.
fn dot64(q: u32, k: u32) -> i32 {
  var sum = 0;
  for (var i = 0u; i < 4u; i++) { sum += i32(dot16(sixteen(qkv[q * 4u + i]), sixteen(qkv[k * 4u + i]))); }
  return sum;
}

fn score(query_row: u32, key_row: u32, head: u32) -> i32 {
  var sum = 0;
  for (var i = 0u; i < params.groups; i++) {
    let q = group_at(query_row, 0u, head * params.groups + i);
    let k = group_at(key_row, 1u, head * params.groups + i);
    sum += scaled(dot64(q, k), times(times(qkv_scale[q], params.score_scale), qkv_scale[k]), SCORE_PLACES);
  }
  return sum;
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
  let query_row = first_row + workgroup.x;
  if (thread == 0u) { atomicStore(&greatest, -0x7fffffff); }
  workgroupBarrier();
  for (var key = thread; key < params.tokens; key += THREADS) {
    atomicMax(&greatest, score(query_row, first_row + key, head));
    atomicMax(&greatest_scale, qkv_scale[group_at(first_row + key, 2u, group)]);
  }
  workgroupBarrier();
  let most = bitcast<u32>(atomicLoad(&greatest));
  // The greatest scale of V is taken as 1/2 to 1.
  let places = -24 - exponent(atomicLoad(&greatest_scale));

  var total = 0;
  let chunks = (params.tokens + THREADS - 1u) / THREADS;
  for (var chunk = 0u; chunk < chunks; chunk++) {
    let first_key = chunk * THREADS;
    let length = min(THREADS, params.tokens - first_key);
    if (thread < length) {
      let key_row = first_row + first_key + thread;
      let weight = weight_of(most - bitcast<u32>(score(query_row, key_row, head)));
      atomicAdd(&mass, weight);
      staged[thread] = scaled(i32(weight), qkv_scale[group_at(key_row, 2u, group)], places);
    }
    workgroupBarrier();
    for (var key = 0u; key < length; key++) {
      total += staged[key] * value(group_at(first_row + first_key + key, 2u, group), thread);
    }
    workgroupBarrier();
  }

  let y = scaled(total, reciprocal(atomicLoad(&mass)), FRACTION - places);
  atomicMax(&peak, u32(abs(y)));
  workgroupBarrier();
  staged[thread] = int8_step(y, atomicLoad(&peak));
  workgroupBarrier();
  let at = (workgroup.z * params.queries + workgroup.x) * params.heads * params.groups + group;
  if (thread < 16u) {
    let i = thread * 4u;
    out[at * 16u + thread] = pack_i8(vec4<i32>(staged[i], staged[i + 1u], staged[i + 2u], staged[i + 3u]));
  }
  if (thread == 0u) { out_scale[at] = int8_scale(atomicLoad(&peak), FRACTION); }
}
