// softmax(Q K^T / sqrt(head dim)) V as two matrix products of int8: a workgroup takes four query rows of a head (with `pairs`
// two, which need half of the registers) for each of its ROW_THREADS, and 64 keys at a time, whose K and V it loads once. docs/kernels.md says exactly what is computed; in short, for a tile of
// 64 keys, with all factors between tiles powers of two:
//   weight = round(exp2(score - ceil(greatest score)) V scale / power of two above the greatest V scale, 14 bits), in two planes of 7
//   total  = sum of weight V, in integers
// so that no product is in floats, and no result depends on how many rows or keys go together.
import package::lib::attention::{params, out, out_scale, HIDDEN, LOWEST, run_time, power_of_two, tiles_for};
import package::lib::attention::{query_row, key_row, out_row, group_at, out_group_at, score_scale, seen, parts_of, inverse_lengths};
import package::lib::attention::{q_slice, k_slice, v_slice, q_scale_at, k_scale_at, v_scale_at};
import package::lib::quads::{Tile, Sums, Words, add_products};
import package::lib::pack::{quantize_i8, inverse_scale};

const ROW_THREADS: u32 = 8u;
@if(pairs) const ROWS: u32 = 2u;       // queries of a thread
@if(!pairs) const ROWS: u32 = 4u;
const COLUMN_THREADS: u32 = 16u;       // four keys, then four channels each
const KEYS: u32 = 64u;                 // of a tile
const WORDS: u32 = 16u;                // of four values along a sum: 64 channels, then 64 keys

// A value for each row of a thread.
@if(pairs) alias Floats = vec2<f32>;
@if(!pairs) alias Floats = vec4<f32>;
@if(pairs) alias Ints = vec2<i32>;
@if(!pairs) alias Ints = vec4<i32>;
@if(pairs) alias Uints = vec2<u32>;
@if(!pairs) alias Uints = vec4<u32>;

// [word][rows of a thread]: neighbors read neighbors, which is what banks of memory like.
var<workgroup> q_words: array<Words, 2u * WORDS * ROW_THREADS>;        // [group][word of 4 channels][queries]
// K as [word of 4 channels][quad of keys]; then, when the scores are made, weights as [plane][word of 4 keys][queries].
var<workgroup> k_words: array<vec4<u32>, WORDS * COLUMN_THREADS>;
@if(pairs) var<workgroup> pair_words: array<Words, 2u * WORDS * ROW_THREADS>;
@if(pairs) fn p_words(i: u32) -> Words { return pair_words[i]; }
@if(pairs) fn set_p_words(i: u32, words: Words) { pair_words[i] = words; }
@if(!pairs) fn p_words(i: u32) -> Words { return k_words[i]; }
@if(!pairs) fn set_p_words(i: u32, words: Words) { k_words[i] = words; }
var<workgroup> v_words: array<vec4<u32>, WORDS * COLUMN_THREADS>;      // [word of 4 keys][quad of channels]
var<workgroup> q_scales: array<Floats, 2u * ROW_THREADS>;              // [group][queries]
var<workgroup> k_scales: array<vec4<f32>, COLUMN_THREADS>;
var<workgroup> v_scales: array<vec4<f32>, COLUMN_THREADS>;
var<workgroup> greatest: array<atomic<i32>, 2u * ROWS * ROW_THREADS>;  // [tile is odd][query] score, rounded up
var<workgroup> greatest_scale: array<atomic<u32>, 2>;                  // [tile is odd] of V: bits of positive f32 are in their order
var<workgroup> tops: array<Ints, ROW_THREADS>;                         // [queries]: the greatest score of all tiles so far, rounded up
var<workgroup> peaks: array<atomic<u32>, ROWS * ROW_THREADS>;          // [query] of the output

// Word i of each of four rows.
fn transposed(a: vec4<u32>, b: vec4<u32>, c: vec4<u32>, d: vec4<u32>, i: u32) -> vec4<u32> {
  return vec4<u32>(a[i], b[i], c[i], d[i]);
}

// Four rows of four channels: of each channel its four rows.
fn turned(a: u32, b: u32, c: u32, d: u32) -> vec4<u32> {
  let even_ab = (a & 0x00ff00ffu) | ((b & 0x00ff00ffu) << 8u);
  let even_cd = (c & 0x00ff00ffu) | ((d & 0x00ff00ffu) << 8u);
  let odd_ab = ((a >> 8u) & 0x00ff00ffu) | (b & 0xff00ff00u);
  let odd_cd = ((c >> 8u) & 0x00ff00ffu) | (d & 0xff00ff00u);
  return vec4<u32>(
    (even_ab & 0xffffu) | (even_cd << 16u), (odd_ab & 0xffffu) | (odd_cd << 16u),
    (even_ab >> 16u) | (even_cd & 0xffff0000u), (odd_ab >> 16u) | (odd_cd & 0xffff0000u));
}

@if(pairs) fn own(rows: vec4<u32>) -> Words { return rows.xy; }
@if(!pairs) fn own(rows: vec4<u32>) -> Words { return rows; }
@if(pairs) fn own_floats(rows: vec4<f32>) -> Floats { return rows.xy; }
@if(!pairs) fn own_floats(rows: vec4<f32>) -> Floats { return rows; }

fn query_rows(sequence: u32, first: u32) -> vec4<u32> {
  let i = min(first + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.queries - 1u));
  return vec4<u32>(query_row(sequence, i.x), query_row(sequence, i.y), query_row(sequence, i.z), query_row(sequence, i.w));
}

fn key_rows(sequence: u32, first: u32) -> vec4<u32> {
  let i = min(first + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.tokens - 1u));
  return vec4<u32>(key_row(sequence, i.x), key_row(sequence, i.y), key_row(sequence, i.z), key_row(sequence, i.w));
}

// A thread's rows of 16 channels.
fn load_queries(sequence: u32, first_query: u32, head: u32, thread: u32) {
  if (thread >= 4u * ROW_THREADS) { return; }
  let own_thread = thread % ROW_THREADS;
  let slice = thread / ROW_THREADS;
  let rows = query_rows(sequence, first_query + ROWS * own_thread);
  for (var groups = params.groups; groups > 0u; groups--) {
    let g = params.groups - groups;
    let group = head * params.groups + g;
    let at = vec4<u32>(group_at(rows.x, 0u, group), group_at(rows.y, 0u, group), group_at(rows.z, 0u, group), group_at(rows.w, 0u, group));
    let a = q_slice(at.x * 4u + slice);
    let b = q_slice(at.y * 4u + slice);
    let c = q_slice(at.z * 4u + slice);
    let d = q_slice(at.w * 4u + slice);
    let to = (g * WORDS + 4u * slice) * ROW_THREADS + own_thread;
    q_words[to] = own(transposed(a, b, c, d, 0u));
    q_words[to + ROW_THREADS] = own(transposed(a, b, c, d, 1u));
    q_words[to + 2u * ROW_THREADS] = own(transposed(a, b, c, d, 2u));
    q_words[to + 3u * ROW_THREADS] = own(transposed(a, b, c, d, 3u));
    if (slice == 0u) {
      let lengths = inverse_lengths(rows, 0u, head);
      let scales = vec4<f32>(q_scale_at(at.x), q_scale_at(at.y), q_scale_at(at.z), q_scale_at(at.w));
      q_scales[g * ROW_THREADS + own_thread] = own_floats(scales * lengths * score_scale(head));
    }
  }
}

// Number `task` of the 64 blocks of four keys by 16 channels.
fn load_keys(sequence: u32, first_key: u32, head: u32, g: u32, task: u32) {
  let quad = task % COLUMN_THREADS;
  let slice = task / COLUMN_THREADS;
  let rows = key_rows(sequence, first_key + 4u * quad);
  let group = head * params.groups + g;
  let at = vec4<u32>(group_at(rows.x, 1u, group), group_at(rows.y, 1u, group), group_at(rows.z, 1u, group), group_at(rows.w, 1u, group));
  let a = k_slice(at.x * 4u + slice);
  let b = k_slice(at.y * 4u + slice);
  let c = k_slice(at.z * 4u + slice);
  let d = k_slice(at.w * 4u + slice);
  let to = 4u * slice * COLUMN_THREADS + quad;
  k_words[to] = transposed(a, b, c, d, 0u);
  k_words[to + COLUMN_THREADS] = transposed(a, b, c, d, 1u);
  k_words[to + 2u * COLUMN_THREADS] = transposed(a, b, c, d, 2u);
  k_words[to + 3u * COLUMN_THREADS] = transposed(a, b, c, d, 3u);
  if (slice == 0u) {
    let lengths = inverse_lengths(rows, 1u, head);
    k_scales[quad] = vec4<f32>(k_scale_at(at.x), k_scale_at(at.y), k_scale_at(at.z), k_scale_at(at.w)) * lengths;
  }
}

fn load_values(sequence: u32, first_key: u32, group: u32, parity: u32, task: u32) {
  let quad = task % COLUMN_THREADS;
  let slice = task / COLUMN_THREADS;
  let rows = key_rows(sequence, first_key + 4u * quad);
  let at = vec4<u32>(group_at(rows.x, 2u, group), group_at(rows.y, 2u, group), group_at(rows.z, 2u, group), group_at(rows.w, 2u, group));
  let a = v_slice(at.x * 4u + slice);
  let b = v_slice(at.y * 4u + slice);
  let c = v_slice(at.z * 4u + slice);
  let d = v_slice(at.w * 4u + slice);
  let to = quad * COLUMN_THREADS + 4u * slice;
  v_words[to] = turned(a.x, b.x, c.x, d.x);
  v_words[to + 1u] = turned(a.y, b.y, c.y, d.y);
  v_words[to + 2u] = turned(a.z, b.z, c.z, d.z);
  v_words[to + 3u] = turned(a.w, b.w, c.w, d.w);
  if (slice == 0u) {
    // For a key after the last one, the scale of the last.
    let scales = vec4<f32>(v_scale_at(at.x), v_scale_at(at.y), v_scale_at(at.z), v_scale_at(at.w));
    v_scales[quad] = scales;
    atomicMax(&greatest_scale[parity], bitcast<u32>(max(max(scales.x, scales.y), max(scales.z, scales.w))));
  }
}

struct Scores { r0: vec4<f32>, r1: vec4<f32>, @if(!pairs) r2: vec4<f32>, @if(!pairs) r3: vec4<f32> }

// Sixteen words of Q's group by those of K. The masks change nothing: they show the compiler that no index is out of bounds, so that it
// adds no checks.
fn add_scores(scores: Scores, g: u32, local: vec2<u32>) -> Scores {
  var tile = Tile();
  let first = g * WORDS * ROW_THREADS + local.y;
  for (var left = run_time(4u); left > 0u; left--) {
    let i = left - 1u;
    let a = min(first + i * 4u * ROW_THREADS, 231u);
    let b = min(i * 4u * COLUMN_THREADS + local.x, 207u);
    tile = add_products(tile, q_words[a], k_words[b]);
    tile = add_products(tile, q_words[a + ROW_THREADS], k_words[b + COLUMN_THREADS]);
    tile = add_products(tile, q_words[a + 2u * ROW_THREADS], k_words[b + 2u * COLUMN_THREADS]);
    tile = add_products(tile, q_words[a + 3u * ROW_THREADS], k_words[b + 3u * COLUMN_THREADS]);
  }
  let rows = q_scales[g * ROW_THREADS + local.y];
  let columns = k_scales[local.x];
  var sums = scores;
  sums.r0 += vec4<f32>(tile.r0) * rows.x * columns;
  sums.r1 += vec4<f32>(tile.r1) * rows.y * columns;
  @if(!pairs) { sums.r2 += vec4<f32>(tile.r2) * rows.z * columns; }
  @if(!pairs) { sums.r3 += vec4<f32>(tile.r3) * rows.w * columns; }
  return sums;
}

fn raise_greatest(index: u32, scores: vec4<f32>) {
  atomicMax(&greatest[index], i32(ceil(max(max(scores.x, scores.y), max(scores.z, scores.w)))));
}

fn sum_of(four: vec4<f32>) -> f32 { return (four.x + four.y) + (four.z + four.w); }

// Four weights of 14 bits: the upper seven bits of each in a word, and the lower seven.
struct Planes { high: u32, low: u32 }

fn planes_of(p: vec4<f32>, factors: vec4<f32>) -> Planes {
  let w = vec4<u32>(min(round(p * factors), vec4<f32>(16383.0)));
  let high = w >> vec4<u32>(7u);
  let low = w & vec4<u32>(127u);
  return Planes(
    high.x | (high.y << 8u) | (high.z << 16u) | (high.w << 24u), low.x | (low.y << 8u) | (low.z << 16u) | (low.w << 24u));
}

@if(pairs) fn store_planes(local: vec2<u32>, p0: Planes, p1: Planes) {
  let at = local.x * ROW_THREADS + local.y;
  set_p_words(at, vec2<u32>(p0.high, p1.high));
  set_p_words(at + WORDS * ROW_THREADS, vec2<u32>(p0.low, p1.low));
}
@if(!pairs) fn store_planes(local: vec2<u32>, p0: Planes, p1: Planes, p2: Planes, p3: Planes) {
  let at = local.x * ROW_THREADS + local.y;
  set_p_words(at, vec4<u32>(p0.high, p1.high, p2.high, p3.high));
  set_p_words(at + WORDS * ROW_THREADS, vec4<u32>(p0.low, p1.low, p2.low, p3.low));
}

// Both planes of weights by V, the upper one first; only as many words as there are keys.
fn add_values(before: Tile, plane: u32, length: u32, local: vec2<u32>) -> Tile {
  var tile = before;
  let first = plane * WORDS * ROW_THREADS + local.y;
  let steps = (length + 15u) / 16u;
  for (var left = steps; left > 0u; left--) {
    let i = left - 1u;
    let a = min(first + i * 4u * ROW_THREADS, 231u);
    let b = min(i * 4u * COLUMN_THREADS + local.x, 207u);
    @if(pairs) { tile = add_products(tile, pair_words[a], v_words[b]); }
    @if(!pairs) { tile = add_products(tile, k_words[a], v_words[b]); }
    @if(pairs) { tile = add_products(tile, pair_words[a + ROW_THREADS], v_words[b + COLUMN_THREADS]); }
    @if(!pairs) { tile = add_products(tile, k_words[a + ROW_THREADS], v_words[b + COLUMN_THREADS]); }
    @if(pairs) { tile = add_products(tile, pair_words[a + 2u * ROW_THREADS], v_words[b + 2u * COLUMN_THREADS]); }
    @if(!pairs) { tile = add_products(tile, k_words[a + 2u * ROW_THREADS], v_words[b + 2u * COLUMN_THREADS]); }
    @if(pairs) { tile = add_products(tile, pair_words[a + 3u * ROW_THREADS], v_words[b + 3u * COLUMN_THREADS]); }
    @if(!pairs) { tile = add_products(tile, k_words[a + 3u * ROW_THREADS], v_words[b + 3u * COLUMN_THREADS]); }
  }
  return tile;
}

@if(dot4) fn mixed(length: u32, local: vec2<u32>) -> Tile {
  let seven = vec4<u32>(7u);
  var tile = Tile();
  for (var left = run_time(2u); left > 0u; left--) {
    let plane = 2u - left;
    tile.r0 = tile.r0 << seven;
    tile.r1 = tile.r1 << seven;
    @if(!pairs) { tile.r2 = tile.r2 << seven; }
    @if(!pairs) { tile.r3 = tile.r3 << seven; }
    tile = add_values(tile, plane, length, local);
  }
  return tile;
}
// Each plane's sum is exact in f32, and theirs is rounded once, as an i32 that becomes an f32 is.
@if(!dot4) fn mixed(length: u32, local: vec2<u32>) -> Tile {
  var sum = Tile();
  for (var left = run_time(2u); left > 0u; left--) {
    let plane = 2u - left;
    let tile = add_values(Tile(), plane, length, local);
    sum.r0 = sum.r0 * 128.0 + tile.r0;
    sum.r1 = sum.r1 * 128.0 + tile.r1;
    @if(!pairs) { sum.r2 = sum.r2 * 128.0 + tile.r2; }
    @if(!pairs) { sum.r3 = sum.r3 * 128.0 + tile.r3; }
  }
  return sum;
}

struct Totals { r0: vec4<f32>, r1: vec4<f32>, @if(!pairs) r2: vec4<f32>, @if(!pairs) r3: vec4<f32> }

fn store(i: u32, sequence: u32, query: u32, group: u32, local: vec2<u32>, total: vec4<f32>, mass: f32) {
  if (query >= params.queries) { return; }
  let peak = bitcast<f32>(atomicLoad(&peaks[ROWS * local.y + i]));
  let at = out_group_at(out_row(sequence, query), group);
  out[at * 16u + local.x] = quantize_i8(total, inverse_scale(peak));
  if (local.x == 0u) { out_scale[at] = peak / (127.0 * mass); }
}

fn raise_peak(index: u32, total: vec4<f32>) {
  let magnitude = abs(total);
  atomicMax(&peaks[index], bitcast<u32>(max(max(magnitude.x, magnitude.y), max(magnitude.z, magnitude.w))));
}

// For n from -126 to 127.
fn powers_of_two(n: Ints) -> Floats { return bitcast<Floats>((clamp(n, Ints(-126), Ints(127)) + 127) << Uints(23u)); }

@compute @workgroup_size(COLUMN_THREADS, ROW_THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let local = local_id.xy;
  let group = workgroup.y;
  let head = group / params.groups;
  let sequence = workgroup.z;
  let first_query = workgroup.x * ROWS * ROW_THREADS;
  let query = first_query + ROWS * local.y;
  load_queries(sequence, first_query, head, thread);
  if (thread < ROWS * ROW_THREADS) { atomicStore(&greatest[thread], LOWEST); }
  if (thread < ROW_THREADS) { tops[thread] = Ints(LOWEST); }

  let query_parts = parts_of(sequence, query + vec4<u32>(0u, 1u, 2u, 3u));
  var totals = Totals();
  var mass = Floats();
  let tiles = tiles_for(first_query + ROWS * ROW_THREADS - 1u, KEYS);
  for (var left = tiles; left > 0u; left--) {
    let tile = tiles - left;
    let parity = tile % 2u;
    let first_key = tile * KEYS;
    let length = min(KEYS, params.tokens - first_key);
    workgroupBarrier();
    // One half of the threads each.
    if (thread < 64u) { load_keys(sequence, first_key, head, 0u, thread); }
    else { load_values(sequence, first_key, group, parity, thread - 64u); }
    workgroupBarrier();
    var scores = add_scores(Scores(), 0u, local);
    if (params.groups > 1u) {
      workgroupBarrier();
      if (thread < 64u) { load_keys(sequence, first_key, head, 1u, thread); }
      workgroupBarrier();
      scores = add_scores(scores, 1u, local);
    }
    let keys = first_key + 4u * local.x + vec4<u32>(0u, 1u, 2u, 3u);
    let key_parts = parts_of(sequence, keys);
    scores.r0 = seen(scores.r0, head, vec4<u32>(query), keys, vec4<u32>(query_parts.x) != key_parts);
    scores.r1 = seen(scores.r1, head, vec4<u32>(query + 1u), keys, vec4<u32>(query_parts.y) != key_parts);
    @if(!pairs) { scores.r2 = seen(scores.r2, head, vec4<u32>(query + 2u), keys, vec4<u32>(query_parts.z) != key_parts); }
    @if(!pairs) { scores.r3 = seen(scores.r3, head, vec4<u32>(query + 3u), keys, vec4<u32>(query_parts.w) != key_parts); }
    let at = ROWS * (parity * ROW_THREADS + local.y);
    raise_greatest(at, scores.r0);
    raise_greatest(at + 1u, scores.r1);
    @if(!pairs) { raise_greatest(at + 2u, scores.r2); }
    @if(!pairs) { raise_greatest(at + 3u, scores.r3); }
    workgroupBarrier();

    @if(pairs) let here = vec2<i32>(atomicLoad(&greatest[at]), atomicLoad(&greatest[at + 1u]));
    @if(!pairs) let here = vec4<i32>(atomicLoad(&greatest[at]), atomicLoad(&greatest[at + 1u]), atomicLoad(&greatest[at + 2u]), atomicLoad(&greatest[at + 3u]));
    // The power of two above the greatest scale of V.
    let places = i32(atomicLoad(&greatest_scale[parity]) >> 23u) - 126;
    let factors = v_scales[local.x] * power_of_two(14 - places);
    let most = Floats(here);
    let p0 = exp2(scores.r0 - most.x);
    let p1 = exp2(scores.r1 - most.y);
    @if(!pairs) let p2 = exp2(scores.r2 - most.z);
    @if(!pairs) let p3 = exp2(scores.r3 - most.w);
    @if(pairs) { store_planes(local, planes_of(p0, factors), planes_of(p1, factors)); }
    @if(!pairs) { store_planes(local, planes_of(p0, factors), planes_of(p1, factors), planes_of(p2, factors), planes_of(p3, factors)); }
    let top = tops[local.y];
    let next = max(top, here);
    let kept = powers_of_two(top - next);
    let added = powers_of_two(here - next);
    @if(pairs) let sums = vec2<f32>(sum_of(p0), sum_of(p1));
    @if(!pairs) let sums = vec4<f32>(sum_of(p0), sum_of(p1), sum_of(p2), sum_of(p3));
    mass = mass * kept + sums * added;
    workgroupBarrier();
    if (local.x == 0u) { tops[local.y] = next; }

    // The maximums of the other parity are not raised before the next barrier.
    if (thread < ROWS * ROW_THREADS) { atomicStore(&greatest[ROWS * (1u - parity) * ROW_THREADS + thread], LOWEST); }
    if (thread == 0u) { atomicStore(&greatest_scale[1u - parity], 0u); }
    let y = mixed(length, local);
    let units = added * power_of_two(places - 14);
    totals.r0 = totals.r0 * kept.x + vec4<f32>(y.r0) * units.x;
    totals.r1 = totals.r1 * kept.y + vec4<f32>(y.r1) * units.y;
    @if(!pairs) { totals.r2 = totals.r2 * kept.z + vec4<f32>(y.r2) * units.z; }
    @if(!pairs) { totals.r3 = totals.r3 * kept.w + vec4<f32>(y.r3) * units.w; }
  }

  workgroupBarrier();
  set_p_words(local.y * COLUMN_THREADS + local.x, bitcast<Words>(mass));
  raise_peak(ROWS * local.y, totals.r0);
  raise_peak(ROWS * local.y + 1u, totals.r1);
  @if(!pairs) { raise_peak(ROWS * local.y + 2u, totals.r2); }
  @if(!pairs) { raise_peak(ROWS * local.y + 3u, totals.r3); }
  workgroupBarrier();
  mass = Floats();
  for (var i = run_time(COLUMN_THREADS); i > 0u; i--) { mass += bitcast<Floats>(p_words(local.y * COLUMN_THREADS + COLUMN_THREADS - i)); }
  store(0u, sequence, query, group, local, totals.r0, mass.x);
  store(1u, sequence, query + 1u, group, local, totals.r1, mass.y);
  @if(!pairs) { store(2u, sequence, query + 2u, group, local, totals.r2, mass.z); }
  @if(!pairs) { store(3u, sequence, query + 3u, group, local, totals.r3, mass.w); }
}
