// What blocks do to their rows from one attention to the next, from end to end, for software adapters with subgroups of 8:
// projection and residual, LayerNorm, FC1 and GELU, FC2 and residual, the next block's LayerNorm and its Q, K and V. A subgroup
// makes 48 or 56 rows, of which each thread reads only its own, so that there is no barrier; weights are loaded and unpacked once
// and broadcast, as in gemm_int8_broadcast. FC2 follows each 64 columns of FC1, which never leave the thread.
import package::lib::gelu::activate;
import package::lib::outlier::{Greatest, raised, of_lanes, limit_of, outlier_of};
import package::lib::pack::{unpack_i8, quantize_i8, inverse_scale};

enable subgroups;

struct Params {
  rows: u32,
  k: u32,                // columns of a
  n: u32,                // columns of the residual stream
  hidden: u32,           // columns of FC1
  next: u32,             // columns of Q, K and V
  activation: u32,
  width: u32,            // of n, the model's
  eps: f32,
}
@group(0) @binding(0) var<storage, read> a: array<u32>;                     // [rows, k/4] int8
@group(0) @binding(1) var<storage, read> a_scale: array<f32>;               // [rows, k/64]
@group(0) @binding(2) var<storage, read_write> x: array<vec4<f32>>;         // [rows, n], the residual stream, then with what proj adds
@group(0) @binding(3) var<storage, read> proj: array<u32>;                  // [k/16, n, 4] int8
@group(0) @binding(4) var<storage, read> fc1: array<u32>;                   // [n/16, hidden, 4] int8
@group(0) @binding(5) var<storage, read> fc2: array<u32>;                   // [hidden/16, n, 4] int8
@group(0) @binding(6) var<storage, read> qkv: array<u32>;                   // [n/16, next, 4] int8
// w_scale, bias, gamma and beta of the projection and the norm behind it, the same of FC2, [8, n]; w_scale and bias of FC1,
// [2, hidden], and of Q, K and V, [2, next].
@group(0) @binding(7) var<storage, read> vectors: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read_write> out: array<vec4<f32>>;       // [rows, n]
@group(0) @binding(9) var<storage, read_write> norm: array<u32>;            // [rows, n/4]
@group(0) @binding(10) var<storage, read_write> norm_scale: array<f32>;     // [rows, 3]
@group(0) @binding(11) var<storage, read_write> next: array<u32>;           // [rows, next/4]
@group(0) @binding(12) var<storage, read_write> next_scale: array<f32>;     // [rows, next/64]
@group(0) @binding(13) var<uniform> params: Params;

const SIZE: u32 = 8u;
const MOST: u32 = 7u;          // rows of a thread: lane, lane + 8, ...

// Rows of a thread here, six or seven, and of the last ones as many as are left, so that nothing is written behind the padding;
// and the row behind them all.
var<private> each: u32;
var<private> end: u32;

// Two vectors of four columns for each row of a thread, by a number that only run time knows.
var<private> results: array<vec4<f32>, 14>;
var<private> totals: array<vec4<f32>, 14>;
var<private> group: array<vec4<f32>, 112>;     // 64 columns of what the norm widens to: [7, 16]
var<private> hidden: array<u32, 112>;          // the same in int8
var<private> peaks: array<f32, 7>;

// One word of each row of a thread: four values of K.
struct Words { r0: u32, r1: u32, r2: u32, r3: u32, r4: u32, r5: u32, r6: u32 }
struct Columns { c0: vec4<f32>, c1: vec4<f32>, c2: vec4<f32>, c3: vec4<f32>, c4: vec4<f32>, c5: vec4<f32>, c6: vec4<f32>, c7: vec4<f32> }
struct Sums {
  a0: vec4<f32>, b0: vec4<f32>, a1: vec4<f32>, b1: vec4<f32>, a2: vec4<f32>, b2: vec4<f32>, a3: vec4<f32>, b3: vec4<f32>,
  a4: vec4<f32>, b4: vec4<f32>, a5: vec4<f32>, b5: vec4<f32>, a6: vec4<f32>, b6: vec4<f32>,
}

// n, as a loop bound that only run time knows: drivers unroll constant ones whole, at seconds of compile time.
fn run_time(n: u32) -> u32 { return n * min(arrayLength(&proj), 1u); }
fn stride() -> u32 { return params.n / 4u; }

fn broadcast(word: u32) -> Columns {
  let own = vec4<f32>(unpack_i8(word));
  return Columns(
    subgroupBroadcast(own, 0u), subgroupBroadcast(own, 1u), subgroupBroadcast(own, 2u), subgroupBroadcast(own, 3u),
    subgroupBroadcast(own, 4u), subgroupBroadcast(own, 5u), subgroupBroadcast(own, 6u), subgroupBroadcast(own, 7u));
}

fn low(word: u32, c: Columns) -> vec4<f32> {
  let row = vec4<f32>(unpack_i8(word));
  return vec4<f32>(dot(row, c.c0), dot(row, c.c1), dot(row, c.c2), dot(row, c.c3));
}
fn high(word: u32, c: Columns) -> vec4<f32> {
  let row = vec4<f32>(unpack_i8(word));
  return vec4<f32>(dot(row, c.c4), dot(row, c.c5), dot(row, c.c6), dot(row, c.c7));
}

// Four values of K of 56 rows and 8 columns, whose weights are one word of each thread.
fn four_steps(s: Sums, r: Words, weights: u32) -> Sums {
  let c = broadcast(weights);
  var a6 = s.a6;
  var b6 = s.b6;
  if (each == MOST) {
    a6 += low(r.r6, c);
    b6 += high(r.r6, c);
  }
  return Sums(
    s.a0 + low(r.r0, c), s.b0 + high(r.r0, c), s.a1 + low(r.r1, c), s.b1 + high(r.r1, c),
    s.a2 + low(r.r2, c), s.b2 + high(r.r2, c), s.a3 + low(r.r3, c), s.b3 + high(r.r3, c),
    s.a4 + low(r.r4, c), s.b4 + high(r.r4, c), s.a5 + low(r.r5, c), s.b5 + high(r.r5, c),
    a6, b6);
}

fn keep(s: Sums) {
  results[0] = s.a0; results[1] = s.b0; results[2] = s.a1; results[3] = s.b1; results[4] = s.a2; results[5] = s.b2; results[6] = s.a3;
  results[7] = s.b3; results[8] = s.a4; results[9] = s.b4; results[10] = s.a5; results[11] = s.b5; results[12] = s.a6; results[13] = s.b6;
}

// A weight's word in [K/16, columns, 4].
fn word_at(k: u32, columns: u32, column: u32) -> u32 { return (k / 4u * columns + column) * 4u + k % 4u; }

// x += a proj + bias.
fn project(row: u32, lane: u32) {
  let words = params.k / 4u;
  let octets = run_time(params.n / 8u);
  let groups = run_time(params.k / 64u);
  let steps = run_time(16u);
  let ends = run_time(2u * each);
  for (var octet = 0u; octet < octets; octet++) {
    for (var i = 0u; i < ends; i++) { totals[i] = vec4<f32>(); }
    for (var g = 0u; g < groups; g++) {
      var sums = Sums();
      for (var step = 0u; step < steps; step++) {
        let k = g * 16u + step;
        let at = row * words + k;
        let by = SIZE * words;
        let r = Words(a[at], a[at + by], a[at + 2u * by], a[at + 3u * by], a[at + 4u * by], a[at + 5u * by], a[at + 6u * by]);
        sums = four_steps(sums, r, proj[word_at(k, params.n, octet * 8u + lane)]);
      }
      keep(sums);
      for (var i = 0u; i < ends; i++) { totals[i] += results[i] * a_scale[(row + i / 2u * SIZE) * groups + g]; }
    }
    for (var i = 0u; i < ends; i++) { add_projected(row + i / 2u * SIZE, octet * 2u + i % 2u, totals[i]); }
  }
}

fn add_projected(row: u32, column4: u32, total: vec4<f32>) {
  if (row >= end) { return; }
  let at = row * stride() + column4;
  let y = total * vectors[column4] + vectors[stride() + column4];
  x[at] = y + x[at];
}

// Words of K `k` of the norm's rows.
fn normed(row: u32, k: u32) -> Words {
  let at = row * stride() + k;
  let by = SIZE * stride();
  return Words(norm[at], norm[at + by], norm[at + 2u * by], norm[at + 3u * by], norm[at + 4u * by], norm[at + 5u * by], norm[at + 6u * by]);
}

// Which layer widens the norm's rows, and where its vectors are.
struct Layer { behind: bool, columns: u32, vector: u32 }
fn of_fc1() -> Layer { return Layer(false, params.hidden, 8u * stride()); }
fn of_qkv() -> Layer { return Layer(true, params.next, 8u * stride() + params.hidden / 2u); }

fn products(layer: Layer, row: u32, column: u32) -> Sums {
  let steps = run_time(stride());
  var sums = Sums();
  if (layer.behind) {
    for (var k = 0u; k < steps; k++) { sums = four_steps(sums, normed(row, k), qkv[word_at(k, params.next, column)]); }
  } else {
    for (var k = 0u; k < steps; k++) { sums = four_steps(sums, normed(row, k), fc1[word_at(k, params.hidden, column)]); }
  }
  return sums;
}

// 64 columns of a layer from the norm's rows, activated, in int8.
fn widen(layer: Layer, row: u32, lane: u32, first_column: u32) {
  let octets = run_time(8u);
  let ends = run_time(2u * each);
  for (var i = 0u; i < each; i++) { peaks[i] = 0.0; }
  for (var octet = 0u; octet < octets; octet++) {
    let column = first_column + octet * 8u;
    keep(products(layer, row, column + lane));
    for (var i = 0u; i < ends; i++) {
      let y = activated(layer, row + i / 2u * SIZE, column / 4u + i % 2u, results[i]);
      group[i / 2u * 16u + octet * 2u + i % 2u] = y;
      let magnitude = abs(y);
      peaks[i / 2u] = max(peaks[i / 2u], max(max(magnitude.x, magnitude.y), max(magnitude.z, magnitude.w)));
    }
  }
  let all = run_time(16u * each);
  for (var i = 0u; i < all; i++) { hidden[i] = quantize_i8(group[i], inverse_scale(peaks[i / 16u])); }
}

fn activated(layer: Layer, row: u32, column4: u32, sums: vec4<f32>) -> vec4<f32> {
  let at = layer.vector + column4;
  let sum = vec4<f32>(vec4<i32>(sums) + of_excess(layer, row, column4 * 4u));
  let y = sum * (norm_scale[3u * row] * vectors[at]) + vectors[at + layer.columns / 4u];
  return activate(select(params.activation, 0u, layer.behind), y);
}

// What the row's outlier has beyond its int8, times its weights; most rows have nothing.
fn of_excess(layer: Layer, row: u32, column: u32) -> vec4<i32> {
  let excess = i32(norm_scale[3u * row + 1u]);
  if (excess == 0) { return vec4<i32>(); }
  let k = u32(norm_scale[3u * row + 2u]);
  return excess * vec4<i32>(weight(layer, k, column), weight(layer, k, column + 1u), weight(layer, k, column + 2u), weight(layer, k, column + 3u));
}
fn weight(layer: Layer, k: u32, column: u32) -> i32 {
  let at = word_at(k / 4u, layer.columns, column);
  var words: u32;
  if (layer.behind) { words = qkv[at]; } else { words = fc1[at]; }
  return extractBits(bitcast<i32>(words), k % 4u * 8u, 8u);
}

// Adds what these 64 columns are to FC2's totals, which wait in out.
fn narrow(row: u32, lane: u32, first: u32) {
  let octets = run_time(params.n / 8u);
  let steps = run_time(16u);
  let ends = run_time(2u * each);
  for (var octet = 0u; octet < octets; octet++) {
    var sums = Sums();
    for (var k = 0u; k < steps; k++) {
      let r = Words(hidden[k], hidden[16u + k], hidden[32u + k], hidden[48u + k], hidden[64u + k], hidden[80u + k], hidden[96u + k]);
      sums = four_steps(sums, r, fc2[word_at(first / 4u + k, params.n, octet * 8u + lane)]);
    }
    keep(sums);
    for (var i = 0u; i < ends; i++) {
      let at = (row + i / 2u * SIZE) * stride() + octet * 2u + i % 2u;
      let before = select(out[at], vec4<f32>(), first == 0u);
      out[at] = before + results[i] * (peaks[i / 2u] / 127.0);
    }
  }
}

// out = FC2(GELU(FC1(norm))) + x.
fn multiply_twice(row: u32, lane: u32) {
  let groups = run_time(params.hidden / 64u);
  for (var g = 0u; g < groups; g++) {
    widen(of_fc1(), row, lane, g * 64u);
    narrow(row, lane, g * 64u);
  }
  let rows = run_time(each);
  let length = run_time(stride());
  for (var i = 0u; i < rows; i++) {
    for (var c = 0u; c < length; c++) {
      let at = (row + i * SIZE) * length + c;
      out[at] = out[at] * vectors[4u * length + c] + vectors[5u * length + c] + x[at];
    }
  }
}

// Q, K and V from the rows' last norm, quantised by 64 columns.
fn multiply_next(row: u32, lane: u32) {
  let groups = run_time(params.next / 64u);
  let words = run_time(16u);
  for (var g = 0u; g < groups; g++) {
    widen(of_qkv(), row, lane, g * 64u);
    for (var i = 0u; i < each; i++) {
      let at = row + i * SIZE;
      if (at >= end) { break; }
      for (var c = 0u; c < words; c++) { next[(at * groups + g) * 16u + c] = hidden[i * 16u + c]; }
      next_scale[at * groups + g] = peaks[i] / 127.0;
    }
  }
}

fn sum(value: vec4<f32>) -> f32 { return dot(value, vec4<f32>(1.0)); }

// The residual stream after the projection, or after all.
fn stream(behind: bool, at: u32) -> vec4<f32> {
  if (behind) { return out[at]; }
  return x[at];
}

// Four columns of LayerNorm, gamma and beta from `vector` on.
fn normalised(value: vec4<f32>, mean: f32, inverse: f32, vector: u32) -> vec4<f32> {
  return (value - mean) * inverse * vectors[vector] + vectors[vector + stride()];
}

// Norm of one's own row, after the projection or after all.
fn normalise(row: u32, behind: bool, first_vector: u32) {
  if (row >= end) { return; }
  let length = run_time(stride());
  let first = row * length;
  var total = 0.0;
  for (var c = 0u; c < length; c++) { total += sum(stream(behind, first + c)); }
  let mean = total / f32(params.width);
  var squares = 0.0;
  for (var c = 0u; c < length; c++) {
    let difference = select(vec4<f32>(0.0), stream(behind, first + c) - mean, c < params.width / 4u);
    squares += dot(difference, difference);
  }
  let inverse = inverseSqrt(squares / f32(params.width) + params.eps);
  var greatest = Greatest();
  for (var c = 0u; c < length; c++) {
    greatest = raised(greatest, normalised(stream(behind, first + c), mean, inverse, first_vector + c));
  }
  let limit = limit_of(of_lanes(greatest));
  let to_steps = inverse_scale(limit);
  var outlier = vec2<f32>();
  for (var c = 0u; c < length; c++) {
    let y = normalised(stream(behind, first + c), mean, inverse, first_vector + c);
    norm[first + c] = quantize_i8(y, to_steps);
    outlier = outlier_of(outlier, y, to_steps, c);
  }
  norm_scale[3u * row] = limit / 127.0;
  norm_scale[3u * row + 1u] = outlier.x;
  norm_scale[3u * row + 2u] = outlier.y;
}

@compute @workgroup_size(SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let octets = (params.rows + SIZE - 1u) / SIZE;
  let fewest = MOST - 1u;
  let fuller = max(octets, fewest * workgroups.x) - fewest * workgroups.x;
  let octet = fewest * workgroup.x + min(workgroup.x, fuller);
  each = min(select(fewest, MOST, workgroup.x < fuller), octets - octet);
  end = min(params.rows, (octet + each) * SIZE);
  let row = octet * SIZE + lane;
  let rows = run_time(each);
  project(row, lane);
  for (var i = 0u; i < rows; i++) { normalise(row + i * SIZE, false, 2u * stride()); }
  multiply_twice(row, lane);
  for (var i = 0u; i < rows; i++) { normalise(row + i * SIZE, true, 6u * stride()); }
  multiply_next(row, lane);
}
