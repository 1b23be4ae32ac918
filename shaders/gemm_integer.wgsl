// int8 GEMM whose epilogue is in integers too: one column of four rows per thread, a workgroup for 64 columns. Scales, bias and
// addend are the bits of f32 numbers. `add`: y + addend, kept as int16 with a power of two for each row and group of 64
// columns; `quantize`: y, or GELU(y), in int8 with a scale for each.
import package::lib::dyadic::{FRACTION, scaled, fixed, times, dyadic, int8_step, int8_scale};
@if(quantize) import package::lib::pack::pack_i8;
import package::lib::sixteen::{Sum, sixteen, dot16};
@if(ibert) import package::lib::ibert::gelu_integer;
@if(ivit) import package::lib::ivit::gelu_integer;

// As in lib/gemm.wgsl; k and n are multiples of 64.
struct Params { k: u32, n: u32, rows_per_image: u32, addend_rows: u32, activation: u32, rows: u32, first_row: u32 }
@group(0) @binding(7) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> a: array<vec4<u32>>;               // [rows, K/16] int8
@group(0) @binding(1) var<storage, read> w: array<vec4<u32>>;               // [K/16, N] int8
@group(0) @binding(2) var<storage, read> a_scale: array<u32>;               // [rows], or with `add` [rows, K/64]
@group(0) @binding(3) var<storage, read> w_scale: array<u32>;               // [N]
@group(0) @binding(4) var<storage, read> bias: array<u32>;                  // [N]
@if(add) @group(0) @binding(5) var<storage, read> addend: array<u32>;                   // [addend rows, N]
@if(add) @group(0) @binding(6) var<storage, read_write> out: array<u32>;                // [rows, N], bits of f32
@if(quantize) @group(0) @binding(5) var<storage, read_write> out: array<u32>;           // [rows, N/4] int8
@if(quantize) @group(0) @binding(6) var<storage, read_write> out_scale: array<u32>;     // [rows, N/64]

const ROWS: u32 = 4u;
const THREADS: u32 = 64u;
var<workgroup> peaks: array<atomic<u32>, ROWS>;
@if(quantize) var<workgroup> staged: array<i32, ROWS * THREADS>;

// n, as a loop bound that only run time knows: drivers unroll constant ones whole, at seconds of compile time.
fn run_time(n: u32) -> u32 { return n * min(arrayLength(&w), 1u); }

// Sums of one group of 64 along K, for four rows.
fn sum_group(row: u32, column: u32, group: u32) -> vec4<i32> {
  var sums = vec4<Sum>();
  for (var slices = run_time(4u); slices > 0u; slices--) {
    let k = group * 4u + 4u - slices;
    let weights = sixteen(w[k * params.n + column]);
    for (var left = run_time(ROWS); left > 0u; left--) { let r = ROWS - left; sums[r] += dot16(sixteen(a[(row + r) * (params.k / 16u) + k]), weights); }
  }
  return vec4<i32>(sums);
}

// y of four rows in fixed point.
@if(add) fn multiply(row: u32, column: u32) -> vec4<i32> {
  var total = vec4<i32>(fixed(bias[column], FRACTION));
  for (var left = params.k / 64u; left > 0u; left--) {
    let group = params.k / 64u - left;
    let sums = sum_group(row, column, group);
    for (var left = run_time(ROWS); left > 0u; left--) {
      let r = ROWS - left;
      total[r] += scaled(sums[r], times(a_scale[(row + r) * (params.k / 64u) + group], w_scale[column]), FRACTION);
    }
  }
  for (var left = run_time(ROWS); left > 0u; left--) {
    let r = ROWS - left;
    let addend_row = (row + r) / params.rows_per_image * params.addend_rows + (row + r) % params.rows_per_image;
    total[r] += fixed(addend[addend_row * params.n + column], FRACTION);
  }
  return total;
}
@if(quantize) fn multiply(row: u32, column: u32) -> vec4<i32> {
  var sums = vec4<i32>();
  for (var left = params.k / 64u; left > 0u; left--) { let group = params.k / 64u - left; sums += sum_group(row, column, group); }
  var y = vec4<i32>();
  for (var left = run_time(ROWS); left > 0u; left--) {
    let r = ROWS - left;
    y[r] = scaled(sums[r], times(a_scale[row + r], w_scale[column]), FRACTION) + fixed(bias[column], FRACTION);
    if (params.activation != 0u) { y[r] = gelu_integer(y[r]); }
  }
  return y;
}

// The bits of a value that keeps 15 bits below the group's peak.
@if(add) fn int16_bits(value: i32, peak: u32) -> u32 {
  let excess = 17u - min(countLeadingZeros(peak), 17u);
  let steps = min((u32(abs(value)) + ((1u << excess) >> 1u)) >> excess, 32767u);
  return dyadic(steps, i32(excess) - FRACTION) | (bitcast<u32>(value) & 0x80000000u);
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let column = workgroup.x * THREADS + thread;
  let row = workgroup.y * ROWS;
  let y = multiply(row, column);
  for (var left = run_time(ROWS); left > 0u; left--) { let r = ROWS - left; atomicMax(&peaks[r], u32(abs(y[r]))); }
  workgroupBarrier();
  @if(add) {
    for (var left = run_time(ROWS); left > 0u; left--) { let r = ROWS - left; out[(row + r) * params.n + column] = int16_bits(y[r], atomicLoad(&peaks[r])); }
  }
  @if(quantize) {
    for (var left = run_time(ROWS); left > 0u; left--) { let r = ROWS - left; staged[r * THREADS + thread] = int8_step(y[r], atomicLoad(&peaks[r])); }
    workgroupBarrier();
    let r = thread / 16u;
    let i = thread * 4u;
    out[(row + r) * (params.n / 4u) + workgroup.x * 16u + thread % 16u] =
      pack_i8(vec4<i32>(staged[i], staged[i + 1u], staged[i + 2u], staged[i + 3u]));
    if (thread % 16u == 0u) { out_scale[(row + r) * (params.n / 64u) + workgroup.x] = int8_scale(atomicLoad(&peaks[r]), FRACTION); }
  }
}
