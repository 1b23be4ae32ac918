// softmax(Q K^T / sqrt(head dim)) V as two matrix products of int8: a workgroup takes 32 query rows of a head, four for each of its
// ROW_THREADS (with `pairs` two, which need half of the registers), and 64 keys at a time, whose K and V it loads once. docs/numerics.md says
// exactly what is computed; in short, for a tile of 64 keys, with all factors between tiles powers of two:
//   weight = round(exp2(score - ceil(greatest score)) V scale / power of two above the greatest V scale, 14 bits), in two planes of 7
//   total  = sum of weight V, in integers
// so that no product is in floats, and no result depends on how many rows or keys go together.
import package::lib::attention::{params, out, out_scale, HIDDEN, LOWEST, run_time, power_of_two, tiles_for};
import package::lib::attention::{query_row, key_row, out_row, group_at, groups_of_row, out_group_at, score_scale, hidden, parts_of, inverse_length};
@if(options) import package::lib::attention::with_bias;
import package::lib::attention::{q_slice, k_slice, v_slice, q_scale_at, part_scale_at};
import package::lib::quads::{Tile, Rows, Sums, Words, add_products, add_rows};
import package::lib::pack::{quantize_i8, inverse_scale};

@if(pairs) const ROWS: u32 = 2u;       // queries of a thread
@if(!pairs) const ROWS: u32 = 4u;
@if(pairs) const ROW_THREADS: u32 = 16u;
@if(!pairs) const ROW_THREADS: u32 = 8u;
const COLUMN_THREADS: u32 = 16u;       // four keys, then four channels each
const KEYS: u32 = 64u;                 // of a tile
const QUADS: u32 = 16u;                // of keys
const WORDS: u32 = 16u;                // of four values along a sum: 64 channels, then 64 keys
// Words of scores in a turn of their loop: a loop of one turn costs the fewest instructions, and the most registers.
@if(pairs) const TURN_WORDS: u32 = 16u;
@if(!pairs) const TURN_WORDS: u32 = 4u;

// A value for each row of a thread.
@if(pairs) alias Floats = vec2<f32>;
@if(!pairs) alias Floats = vec4<f32>;
@if(pairs) alias Ints = vec2<i32>;
@if(!pairs) alias Ints = vec4<i32>;
@if(pairs) alias Uints = vec2<u32>;
@if(!pairs) alias Uints = vec4<u32>;

// [word][rows of a thread]: neighbors read neighbors, which is what banks of memory like.
var<workgroup> q_words: array<Words, 2u * WORDS * ROW_THREADS>;        // [group][word of 4 channels][queries]
// From a word of K or V to the next, and of weights. Neighbors write neighboring words of K: with one vector more these are in different
// banks. Without `pairs` that would be too much memory for as many workgroups at once on AMD's GPUs.
@if(pairs) const STRIDE: u32 = QUADS + 1u;
@if(!pairs) const STRIDE: u32 = QUADS;
@if(pairs) const WEIGHT_STRIDE: u32 = STRIDE;
@if(!pairs) const WEIGHT_STRIDE: u32 = ROW_THREADS;
// K as [word of 4 channels][quad of keys]; then, when the scores are made, weights as [plane][word of 4 keys][queries]. With `pairs` both
// planes of a word are one vector, so that a thread reads V once for both.
var<workgroup> k_words: array<vec4<u32>, WORDS * STRIDE>;
var<workgroup> v_words: array<vec4<u32>, WORDS * STRIDE>;              // [word of 4 keys][quad of channels]
var<workgroup> q_scales: array<Floats, 2u * ROW_THREADS>;              // [group][queries]
var<workgroup> scales: array<vec4<f32>, 2u * QUADS>;                   // of K, then of V
var<workgroup> greatest: array<atomic<i32>, 2u * ROWS * ROW_THREADS>;  // [tile is odd][query] score, rounded up
var<workgroup> greatest_scale: array<atomic<u32>, 2>;                  // [tile is odd] of V: bits of positive f32 are in their order
var<workgroup> tops: array<Ints, ROW_THREADS>;                         // [queries]: the greatest score of all tiles so far, rounded up
// The factors of the totals so far and of a tile's sums. In memory, because registers are few while values are added up.
struct Factors { kept: Floats, unit: Floats }
var<workgroup> factors: array<Factors, ROW_THREADS>;
var<workgroup> peaks: array<atomic<u32>, ROWS * ROW_THREADS>;          // [query] of the output

// Bytes 0 and 2 of two words in turns, and bytes 1 and 3. Written so that compilers take the instruction that selects bits.
fn even_bytes(a: u32, b: u32) -> u32 { return (a & 0x00ff00ffu) | ((b << 8u) & 0xff00ff00u); }
fn odd_bytes(a: u32, b: u32) -> u32 { return ((a >> 8u) & 0x00ff00ffu) | (b & 0xff00ff00u); }
// The lower and the upper halves of two words.
fn lower_halves(a: u32, b: u32) -> u32 { return insertBits(a, b, 16u, 16u); }
fn upper_halves(a: u32, b: u32) -> u32 { return insertBits(b, a >> 16u, 0u, 16u); }

// Four keys of four channels: of each channel its keys 0, 2, 1 and 3. `planes_of` has weights in the same order.
fn turned(keys: vec4<u32>) -> vec4<u32> {
  let even = vec2<u32>(even_bytes(keys.x, keys.z), even_bytes(keys.y, keys.w));
  let odd = vec2<u32>(odd_bytes(keys.x, keys.z), odd_bytes(keys.y, keys.w));
  return vec4<u32>(lower_halves(even.x, even.y), lower_halves(odd.x, odd.y), upper_halves(even.x, even.y), upper_halves(odd.x, odd.y));
}

@if(pairs) fn own(rows: vec4<u32>) -> Words { return rows.xy; }
@if(!pairs) fn own(rows: vec4<u32>) -> Words { return rows; }

fn query_word(sequence: u32, query: u32, group: u32, word: u32) -> u32 {
  return q_slice(group_at(query_row(sequence, min(query, params.queries - 1u)), 0u, group) * WORDS + word);
}

// A thread takes a word of each of its rows.
fn load_queries(sequence: u32, first_query: u32, head: u32, thread: u32) {
  let row_thread = thread / COLUMN_THREADS;
  let word = thread % COLUMN_THREADS;
  let query = first_query + ROWS * row_thread;
  for (var groups = params.groups; groups > 0u; groups--) {
    let g = params.groups - groups;
    let group = head * params.groups + g;
    q_words[(g * WORDS + word) * ROW_THREADS + row_thread] = own(vec4<u32>(
      query_word(sequence, query, group, word), query_word(sequence, query + 1u, group, word),
      query_word(sequence, query + 2u, group, word), query_word(sequence, query + 3u, group, word)));
    if (thread < ROWS * ROW_THREADS) {
      let row = query_row(sequence, min(first_query + thread, params.queries - 1u));
      let scale = q_scale_at(group_at(row, 0u, group)) * inverse_length(row, 0u, head);
      q_scales[g * ROW_THREADS + thread / ROWS][thread % ROWS] = scale * score_scale(head);
    }
  }
}

// Where four keys have a word of channels; keys after the last one where the last has it.
@if(options) fn key_words(sequence: u32, first: u32, part: u32, group: u32, word: u32) -> vec4<u32> {
  let keys = min(vec4<u32>(first, first + 1u, first + 2u, first + 3u), vec4<u32>(params.tokens - 1u));
  return vec4<u32>(
    group_at(key_row(sequence, keys.x), part, group), group_at(key_row(sequence, keys.y), part, group),
    group_at(key_row(sequence, keys.z), part, group), group_at(key_row(sequence, keys.w), part, group)) * WORDS + word;
}
@if(!options) fn key_words(sequence: u32, first: u32, part: u32, group: u32, word: u32) -> vec4<u32> {
  let start = group_at(key_row(sequence, first), part, group) * WORDS + word;
  let last = group_at(key_row(sequence, params.tokens - 1u), part, group) * WORDS + word;
  let stride = groups_of_row() * WORDS;
  return min(vec4<u32>(start, start + stride, start + 2u * stride, start + 3u * stride), vec4<u32>(last));
}

// A thread takes a word of four keys' channels, of K and, with its first group, of V.
fn load_keys(sequence: u32, first_key: u32, first_group: u32, g: u32, group: u32, local: vec2<u32>) {
  for (var i = 0u; i < QUADS; i += ROW_THREADS) {
    let quad = i + local.y;
    let key_at = key_words(sequence, first_key + 4u * quad, 1u, first_group + g, local.x);
    k_words[local.x * STRIDE + quad] = vec4<u32>(k_slice(key_at.x), k_slice(key_at.y), k_slice(key_at.z), k_slice(key_at.w));
    if (g == 0u) {
      let at = key_at + (group_at(0u, 2u, group) - group_at(0u, 1u, first_group)) * WORDS;
      v_words[quad * STRIDE + local.x] = turned(vec4<u32>(v_slice(at.x), v_slice(at.y), v_slice(at.z), v_slice(at.w)));
    }
  }
}

// A thread takes one scale, of K or of V.
fn load_scales(sequence: u32, first_key: u32, head: u32, first_group: u32, g: u32, group: u32, parity: u32, local: vec2<u32>) {
  let thread = local.y * COLUMN_THREADS + local.x;
  if (thread >= 2u * KEYS) { return; }
  let row = key_row(sequence, min(first_key + thread % KEYS, params.tokens - 1u));
  let part = 1u + thread / KEYS;
  let scale = part_scale_at(part, group_at(row, part, select(group, first_group + g, part == 1u)));
  if (part == 1u) {
    scales[thread / 4u][thread % 4u] = scale * inverse_length(row, 1u, head);
  } else {
    scales[thread / 4u][thread % 4u] = scale;
    atomicMax(&greatest_scale[parity], bitcast<u32>(scale));
  }
}

struct Scores { r0: vec4<f32>, r1: vec4<f32>, @if(!pairs) r2: vec4<f32>, @if(!pairs) r3: vec4<f32> }

// Sixteen words of Q's group by those of K. The minimums change nothing: they show the compiler that no index is out of bounds, so that it
// adds no checks.
fn add_scores(scores: Scores, g: u32, local: vec2<u32>) -> Scores {
  var tile = Rows();
  let first = g * WORDS * ROW_THREADS + local.y;
  for (var left = run_time(WORDS / TURN_WORDS); left > 0u; left--) {
    let word = (left - 1u) * TURN_WORDS;
    let a = min(word * ROW_THREADS + first, (2u * WORDS - TURN_WORDS + 1u) * ROW_THREADS - 1u);
    let b = min(word * STRIDE + local.x, (WORDS - TURN_WORDS + 1u) * STRIDE - 1u);
    for (var i = 0u; i < TURN_WORDS; i++) { tile = add_rows(tile, q_words[a + i * ROW_THREADS], k_words[b + i * STRIDE]); }
  }
  let rows = q_scales[g * ROW_THREADS + local.y];
  let columns = scales[local.x];
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

// A weight and 2^23 are a float whose lower bits are the weight's. Of each pair of keys one is in the upper half of a word.
fn planes_of(p: vec4<f32>, factors: vec4<f32>) -> Planes {
  let w = bitcast<vec4<u32>>(min(round(p * factors), vec4<f32>(16383.0)) + 8388608.0);
  let a = lower_halves(w.x, w.y);
  let b = lower_halves(w.z, w.w);
  return Planes(even_bytes(a >> 7u, b >> 7u) & 0x7f7f7f7fu, even_bytes(a, b) & 0x7f7f7f7fu);
}

@if(pairs) fn store_planes(local: vec2<u32>, p0: Planes, p1: Planes) {
  k_words[local.x * WEIGHT_STRIDE + local.y] = vec4<u32>(p0.high, p1.high, p0.low, p1.low);
}
@if(!pairs) fn store_planes(local: vec2<u32>, p0: Planes, p1: Planes, p2: Planes, p3: Planes) {
  let at = local.x * WEIGHT_STRIDE + local.y;
  k_words[at] = vec4<u32>(p0.high, p1.high, p2.high, p3.high);
  k_words[at + WORDS * WEIGHT_STRIDE] = vec4<u32>(p0.low, p1.low, p2.low, p3.low);
}

// Weights by V, of one plane unless `pairs`; only as many words as there are keys.
fn add_values(before: Tile, plane: u32, length: u32, local: vec2<u32>) -> Tile {
  var tile = before;
  let first = plane * WORDS * WEIGHT_STRIDE + local.y;
  let steps = (length + 15u) / 16u;
  for (var left = steps; left > 0u; left--) {
    let i = 4u * (left - 1u);
    let a = min(first + i * WEIGHT_STRIDE, WORDS * STRIDE - 3u * WEIGHT_STRIDE - 1u);
    let b = min(i * STRIDE + local.x, 13u * STRIDE - 1u);
    tile = add_products(tile, k_words[a], v_words[b]);
    tile = add_products(tile, k_words[a + WEIGHT_STRIDE], v_words[b + STRIDE]);
    tile = add_products(tile, k_words[a + 2u * WEIGHT_STRIDE], v_words[b + 2u * STRIDE]);
    tile = add_products(tile, k_words[a + 3u * WEIGHT_STRIDE], v_words[b + 3u * STRIDE]);
  }
  return tile;
}

// Both planes of weights by V, the upper one first.
@if(pairs) fn mixed(length: u32, local: vec2<u32>) -> Rows {
  let tile = add_values(Tile(), 0u, length, local);
  return Rows((tile.r0 << vec4<u32>(7u)) + tile.r2, (tile.r1 << vec4<u32>(7u)) + tile.r3);
}
@if(dot4 && !pairs) fn mixed(length: u32, local: vec2<u32>) -> Tile {
  let seven = vec4<u32>(7u);
  var tile = Tile();
  for (var left = run_time(2u); left > 0u; left--) {
    let plane = 2u - left;
    tile = add_values(Tile(tile.r0 << seven, tile.r1 << seven, tile.r2 << seven, tile.r3 << seven), plane, length, local);
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
    sum.r2 = sum.r2 * 128.0 + tile.r2;
    sum.r3 = sum.r3 * 128.0 + tile.r3;
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
  let first_group = head * params.groups;
  let sequence = workgroup.z;
  let first_query = workgroup.x * ROWS * ROW_THREADS;
  load_queries(sequence, first_query, head, thread);
  if (local_id.x == 0u) {
    tops[local_id.y] = Ints(LOWEST);
    for (var i = 0u; i < ROWS; i++) { atomicStore(&greatest[ROWS * local_id.y + i], LOWEST); }
  }

  var totals = Totals();
  var mass = Floats();
  let tiles = tiles_for(first_query + ROWS * ROW_THREADS - 1u, KEYS);
  for (var left = tiles; left > 0u; left--) {
    let tile = tiles - left;
    let parity = tile % 2u;
    let first_key = tile * KEYS;
    let length = min(KEYS, params.tokens - first_key);
    // Keys that a query does not see begin so low that what is added changes nothing.
    let query = first_query + ROWS * local_id.y;
    let query_parts = parts_of(sequence, query + vec4<u32>(0u, 1u, 2u, 3u));
    let keys = first_key + 4u * local_id.x + vec4<u32>(0u, 1u, 2u, 3u);
    let key_parts = parts_of(sequence, keys);
    var scores = Scores();
    scores.r0 = hidden(query, keys, vec4<u32>(query_parts.x) != key_parts);
    scores.r1 = hidden(query + 1u, keys, vec4<u32>(query_parts.y) != key_parts);
    @if(!pairs) { scores.r2 = hidden(query + 2u, keys, vec4<u32>(query_parts.z) != key_parts); }
    @if(!pairs) { scores.r3 = hidden(query + 3u, keys, vec4<u32>(query_parts.w) != key_parts); }
    for (var groups = params.groups; groups > 0u; groups--) {
      let g = params.groups - groups;
      workgroupBarrier();
      load_keys(sequence, first_key, first_group, g, group, local);
      load_scales(sequence, first_key, head, first_group, g, group, parity, local);
      workgroupBarrier();
      scores = add_scores(scores, g, local);
    }
    @if(options) {
      scores.r0 = with_bias(scores.r0, head, vec4<u32>(query), keys);
      scores.r1 = with_bias(scores.r1, head, vec4<u32>(query + 1u), keys);
    }
    @if(options && !pairs) {
      scores.r2 = with_bias(scores.r2, head, vec4<u32>(query + 2u), keys);
      scores.r3 = with_bias(scores.r3, head, vec4<u32>(query + 3u), keys);
    }
    let at = ROWS * (parity * ROW_THREADS + local_id.y);
    raise_greatest(at, scores.r0);
    raise_greatest(at + 1u, scores.r1);
    @if(!pairs) { raise_greatest(at + 2u, scores.r2); }
    @if(!pairs) { raise_greatest(at + 3u, scores.r3); }
    workgroupBarrier();

    @if(pairs) let here = vec2<i32>(atomicLoad(&greatest[at]), atomicLoad(&greatest[at + 1u]));
    @if(!pairs) let here = vec4<i32>(atomicLoad(&greatest[at]), atomicLoad(&greatest[at + 1u]), atomicLoad(&greatest[at + 2u]), atomicLoad(&greatest[at + 3u]));
    // The power of two above the greatest scale of V.
    let places = i32(atomicLoad(&greatest_scale[parity]) >> 23u) - 126;
    let weight_factors = scales[QUADS + local_id.x] * power_of_two(14 - places);
    let most = Floats(here);
    let p0 = exp2(scores.r0 - most.x);
    let p1 = exp2(scores.r1 - most.y);
    @if(!pairs) let p2 = exp2(scores.r2 - most.z);
    @if(!pairs) let p3 = exp2(scores.r3 - most.w);
    @if(pairs) { store_planes(local, planes_of(p0, weight_factors), planes_of(p1, weight_factors)); }
    @if(!pairs) { store_planes(local, planes_of(p0, weight_factors), planes_of(p1, weight_factors), planes_of(p2, weight_factors), planes_of(p3, weight_factors)); }
    let top = tops[local_id.y];
    let next = max(top, here);
    let kept = powers_of_two(top - next);
    let added = powers_of_two(here - next);
    @if(pairs) let sums = vec2<f32>(sum_of(p0), sum_of(p1));
    @if(!pairs) let sums = vec4<f32>(sum_of(p0), sum_of(p1), sum_of(p2), sum_of(p3));
    mass = mass * kept + sums * added;
    if (local_id.x == 0u) { factors[local_id.y] = Factors(kept, added * power_of_two(places - 14)); }
    workgroupBarrier();
    if (local_id.x == 0u) {
      tops[local_id.y] = next;
      // The maximums of the other parity are not raised before the next barrier.
      let other = ROWS * ((1u - parity) * ROW_THREADS + local_id.y);
      for (var i = 0u; i < ROWS; i++) { atomicStore(&greatest[other + i], LOWEST); }
      atomicStore(&greatest_scale[1u - parity], 0u);
    }
    let y = mixed(length, local);
    let factor = factors[local_id.y];
    totals.r0 = totals.r0 * factor.kept.x + vec4<f32>(y.r0) * factor.unit.x;
    totals.r1 = totals.r1 * factor.kept.y + vec4<f32>(y.r1) * factor.unit.y;
    @if(!pairs) { totals.r2 = totals.r2 * factor.kept.z + vec4<f32>(y.r2) * factor.unit.z; }
    @if(!pairs) { totals.r3 = totals.r3 * factor.kept.w + vec4<f32>(y.r3) * factor.unit.w; }
  }

  workgroupBarrier();
  q_words[local_id.y * COLUMN_THREADS + local_id.x] = bitcast<Words>(mass);
  raise_peak(ROWS * local_id.y, totals.r0);
  raise_peak(ROWS * local_id.y + 1u, totals.r1);
  @if(!pairs) { raise_peak(ROWS * local_id.y + 2u, totals.r2); }
  @if(!pairs) { raise_peak(ROWS * local_id.y + 3u, totals.r3); }
  workgroupBarrier();
  mass = Floats();
  for (var left = run_time(4u); left > 0u; left--) {
    let first = min(local_id.y * COLUMN_THREADS + 4u * (4u - left), (ROW_THREADS - 1u) * COLUMN_THREADS + 12u);
    for (var i = 0u; i < 4u; i++) { mass += bitcast<Floats>(q_words[first + i]); }
  }
  let query = first_query + ROWS * local_id.y;
  store(0u, sequence, query, group, local, totals.r0, mass.x);
  store(1u, sequence, query + 1u, group, local, totals.r1, mass.y);
  @if(!pairs) { store(2u, sequence, query + 2u, group, local, totals.r2, mass.z); }
  @if(!pairs) { store(3u, sequence, query + 3u, group, local, totals.r3, mass.w); }
}
