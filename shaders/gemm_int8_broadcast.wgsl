// int8 GEMM for software adapters with subgroups: a subgroup computes 8 columns, each of its threads five whole rows. A weight is loaded
// and unpacked by one thread and broadcast to the others, so that unpacking, which costs more than multiplying without an int8 dot, is
// shared. Eight subgroups side by side own a group of 64 columns. Requires subgroups of exactly 8, or with `four` of 4, numbered along the
// local index.
import package::lib::gemm::{length_k, length_n, FOLD, Total, a, w, run_time, first_row, store};
@if(groups) import package::lib::gemm::a_scale;
@if(quantize) import package::lib::gemm::{activation, dequantize, raise_peak, row_peak};
@if(quantize) import package::lib::gelu::activate;
import package::lib::pack::unpack_i8;

enable subgroups;

@if(!four) const SIZE: u32 = 8u;
@if(four) const SIZE: u32 = 4u;
const ROWS: u32 = 5u * SIZE;              // of a workgroup: rows lane, lane + SIZE, ... belong to one thread
const THREADS: u32 = 8u * SIZE;
// Totals by a number that only run time knows, so that the epilogue is one short loop instead of ten copies of it.
// Private: drivers that clear workgroup memory word by word took longer over that than over all the rest.
var<private> results: array<Total, 10>;                // [row of the thread][vector of four columns]

// Four values of K of eight columns, the same in every thread.
struct Columns { c0: vec4<f32>, c1: vec4<f32>, c2: vec4<f32>, c3: vec4<f32>, c4: vec4<f32>, c5: vec4<f32>, c6: vec4<f32>, c7: vec4<f32> }
// A thread's sums or totals: columns 0 to 3 and 4 to 7 of each of its rows.
struct Sums { a0: vec4<f32>, b0: vec4<f32>, a1: vec4<f32>, b1: vec4<f32>, a2: vec4<f32>, b2: vec4<f32>, a3: vec4<f32>, b3: vec4<f32>, a4: vec4<f32>, b4: vec4<f32> }
struct Totals { a0: Total, b0: Total, a1: Total, b1: Total, a2: Total, b2: Total, a3: Total, b3: Total, a4: Total, b4: Total }

fn values(word: u32) -> vec4<f32> { return vec4<f32>(unpack_i8(word)); }

@if(!four) fn broadcast(low: u32, high: u32) -> Columns {
  let own = values(low);
  return Columns(
    subgroupBroadcast(own, 0u), subgroupBroadcast(own, 1u), subgroupBroadcast(own, 2u), subgroupBroadcast(own, 3u),
    subgroupBroadcast(own, 4u), subgroupBroadcast(own, 5u), subgroupBroadcast(own, 6u), subgroupBroadcast(own, 7u));
}
@if(four) fn broadcast(low: u32, high: u32) -> Columns {
  let first = values(low);
  let second = values(high);
  return Columns(
    subgroupBroadcast(first, 0u), subgroupBroadcast(first, 1u), subgroupBroadcast(first, 2u), subgroupBroadcast(first, 3u),
    subgroupBroadcast(second, 0u), subgroupBroadcast(second, 1u), subgroupBroadcast(second, 2u), subgroupBroadcast(second, 3u));
}

fn low(row: vec4<f32>, c: Columns) -> vec4<f32> { return vec4<f32>(dot(row, c.c0), dot(row, c.c1), dot(row, c.c2), dot(row, c.c3)); }
fn high(row: vec4<f32>, c: Columns) -> vec4<f32> { return vec4<f32>(dot(row, c.c4), dot(row, c.c5), dot(row, c.c6), dot(row, c.c7)); }

// Four values of K, word `k` of them: one load a row, one a column. Short, because compilers take their time with it.
fn four_steps(s: Sums, row: u32, k: u32, column: u32) -> Sums {
  let stride = length_k() / 4u;
  let at = row * stride + k;
  let first = w[(k / 4u * length_n() + column) * 4u + k % 4u];
  @if(four) let second = w[(k / 4u * length_n() + column) * 4u + 16u + k % 4u];
  @if(!four) let second = first;
  let c = broadcast(first, second);
  let r0 = values(a[at]);
  let r1 = values(a[at + SIZE * stride]);
  let r2 = values(a[at + 2u * SIZE * stride]);
  let r3 = values(a[at + 3u * SIZE * stride]);
  let r4 = values(a[at + 4u * SIZE * stride]);
  return Sums(
    s.a0 + low(r0, c), s.b0 + high(r0, c), s.a1 + low(r1, c), s.b1 + high(r1, c), s.a2 + low(r2, c), s.b2 + high(r2, c),
    s.a3 + low(r3, c), s.b3 + high(r3, c), s.a4 + low(r4, c), s.b4 + high(r4, c));
}

@if(groups) fn scale_of(row: u32, group: u32) -> f32 { return a_scale[row * (length_k() / 64u) + group]; }
@if(groups) fn fold(t: Totals, s: Sums, row: u32, group: u32) -> Totals {
  let x0 = scale_of(row, group);
  let x1 = scale_of(row + SIZE, group);
  let x2 = scale_of(row + 2u * SIZE, group);
  let x3 = scale_of(row + 3u * SIZE, group);
  let x4 = scale_of(row + 4u * SIZE, group);
  return Totals(
    t.a0 + s.a0 * x0, t.b0 + s.b0 * x0, t.a1 + s.a1 * x1, t.b1 + s.b1 * x1, t.a2 + s.a2 * x2, t.b2 + s.b2 * x2,
    t.a3 + s.a3 * x3, t.b3 + s.b3 * x3, t.a4 + s.a4 * x4, t.b4 + s.b4 * x4);
}
@if(!groups) fn fold(t: Totals, s: Sums, row: u32, group: u32) -> Totals {
  return Totals(
    t.a0 + Total(s.a0), t.b0 + Total(s.b0), t.a1 + Total(s.a1), t.b1 + Total(s.b1), t.a2 + Total(s.a2), t.b2 + Total(s.b2),
    t.a3 + Total(s.a3), t.b3 + Total(s.b3), t.a4 + Total(s.a4), t.b4 + Total(s.b4));
}

fn keep(t: Totals) {
  results[0] = t.a0;
  results[1] = t.b0;
  results[2] = t.a1;
  results[3] = t.b1;
  results[4] = t.a2;
  results[5] = t.b2;
  results[6] = t.a3;
  results[7] = t.b3;
  results[8] = t.a4;
  results[9] = t.b4;
}

@if(!quantize) fn finish(first_row: u32, column4: u32, lane: u32) {
  let end = run_time(10u);
  for (var left = end; left > 0u; left--) { let i = end - left; store(first_row + lane + i / 2u * SIZE, column4 + i % 2u, results[i]); }
}

@if(quantize) fn finish(first_row: u32, column4: u32, lane: u32) {
  let end = run_time(10u);
  for (var left = end; left > 0u; left--) {
    let i = end - left;
    let index = lane + i / 2u * SIZE;
    let y = activate(activation(), dequantize(first_row + index, column4 + i % 2u, results[i]));
    results[i] = bitcast<Total>(y);
    raise_peak(index, y);
  }
  workgroupBarrier();
  for (var left = end; left > 0u; left--) {
    let i = end - left;
    let index = lane + i / 2u * SIZE;
    store(first_row + index, column4 + i % 2u, bitcast<vec4<f32>>(results[i]), row_peak(index));
  }
}

// Eight columns of the rows of a subgroup.
fn multiply(first_row: u32, first_column: u32, lane: u32) {
  let folds = run_time((length_k() / 16u + FOLD - 1u) / FOLD);
  var totals = Totals();
  for (var left = folds; left > 0u; left--) {
    let group = folds - left;
    var sums = Sums();
    let end = run_time(min(length_k() / 16u, (group + 1u) * FOLD) * 4u);
    for (var words = end - group * FOLD * 4u; words > 0u; words--) { let k = end - words; sums = four_steps(sums, first_row + lane, k, first_column + lane); }
    totals = fold(totals, sums, first_row + lane, group);
  }
  keep(totals);
  finish(first_row, first_column / 4u, lane);
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32,
        @builtin(subgroup_invocation_id) lane: u32) {
  multiply(first_row() + workgroup.y * ROWS, workgroup.x * 64u + thread / SIZE * 8u, lane);
}
