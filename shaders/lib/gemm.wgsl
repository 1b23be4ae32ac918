// Shared by all int8 GEMM variants: operands, and the epilogue that turns sums into outputs.
// y[row, column] = (sum over k of a[row, k] w[k, column]) a_scale[row(, group of k)] w_scale[column] + bias[column]
// Input forms: `groups` has a scale for each row and 64 of k; `row` a scale for each row, whose one outlier adds excess w[channel, column]
// to the sum: see lib/outlier.wgsl. Epilogues: `accumulate`, `add`, `store`, `quantize`.
import package::lib::pack::{quantize_i8, inverse_scale};
import package::lib::gelu::activate;
@if(add || store) import package::lib::stream::{Stream, to_stream};

// The problem: constants of the pipeline, or with `params` set at run time, so that all shapes share one pipeline. k and n are multiples of
// 64.
@if(params) struct Params { k: u32, n: u32, rows_per_image: u32, addend_rows: u32, activation: u32, rows: u32, first_row: u32 }
@if(params && accumulate) @group(0) @binding(3) var<uniform> params: Params;
@if(params && store) @group(0) @binding(6) var<uniform> params: Params;
@if(params && (add || quantize)) @group(0) @binding(7) var<uniform> params: Params;
@if(params) fn length_k() -> u32 { return params.k; }
@if(params) fn length_n() -> u32 { return params.n; }
@if(params) fn rows_per_image() -> u32 { return params.rows_per_image; }
@if(params) fn addend_rows() -> u32 { return params.addend_rows; }
@if(params) fn activation() -> u32 { return params.activation; }
@if(params) fn row_count() -> u32 { return params.rows; }
@if(params) fn first_row() -> u32 { return params.first_row; }
// Needed only by tiles that do not divide the padding: drivers move stores after the end of a buffer to its end.
@if(!params) override ROWS: u32 = 0xffffffffu;
@if(!params) fn row_count() -> u32 { return ROWS; }
@if(!params) override K: u32;
@if(!params) override N: u32;
@if(!params) fn length_k() -> u32 { return K; }
@if(!params) fn length_n() -> u32 { return N; }
@if(!params && add) override ROWS_PER_IMAGE: u32 = 1u;
@if(!params && add) override ADDEND_ROWS: u32 = 1u;
@if(!params && add) fn rows_per_image() -> u32 { return ROWS_PER_IMAGE; }
@if(!params && add) fn addend_rows() -> u32 { return ADDEND_ROWS; }
@if(!params && (store || quantize)) override ACTIVATION: u32 = 0u;
@if(!params && (store || quantize)) fn activation() -> u32 { return ACTIVATION; }
override ROW_THREADS: u32 = 4u;       // threads along the rows of a workgroup; 16 along its 64 columns

@if(!words) @group(0) @binding(0) var<storage, read> a: array<vec4<u32>>;   // [rows, K/16] int8
@if(!words) @group(0) @binding(1) var<storage, read> w: array<vec4<u32>>;   // [K/16, N] int8
@if(words) @group(0) @binding(0) var<storage, read> a: array<u32>;          // [rows, K/4] int8
@if(words) @group(0) @binding(1) var<storage, read> w: array<u32>;          // [K/16, N, 4] int8
@if(accumulate) @group(0) @binding(2) var<storage, read_write> out: array<vec4<i32>>;   // [rows, N/4]

@if(!accumulate) @group(0) @binding(2) var<storage, read> a_scale: array<f32>;          // `groups`: [rows, K/64]; `row`: [rows, 3]
@if(!accumulate) @group(0) @binding(3) var<storage, read> w_scale: array<vec4<f32>>;    // [N]
@if(!accumulate) @group(0) @binding(4) var<storage, read> bias: array<vec4<f32>>;       // [N]

// `add`: out = y + addend[row of the addend]; position table, residual stream, or its class-token rows only.
@if(add) @group(0) @binding(5) var<storage, read> addend: array<Stream>;       // [addend rows, N]
@if(add) @group(0) @binding(6) var<storage, read_write> out: array<Stream>;    // [rows, N]

// `store`: out = activation(y).
@if(store) @group(0) @binding(5) var<storage, read_write> out: array<Stream>;  // [rows, N]

// `quantize`: out = activation(y) in int8 with a scale per row and group of 64 columns.
@if(quantize) @group(0) @binding(5) var<storage, read_write> out: array<u32>;           // [rows, N/4]
@if(quantize) @group(0) @binding(6) var<storage, read_write> out_scale: array<f32>;     // [rows, N/64]
// Greatest magnitude of each row of the workgroup: bits of f32, which order as positive f32 do.
@if(quantize && tall) var<workgroup> peaks: array<atomic<u32>, 128>;
@if(quantize && !tall) var<workgroup> peaks: array<atomic<u32>, 64>;

@if(groups) alias Total = vec4<f32>;      // sums of groups, each already times its a_scale
@if(!groups) alias Total = vec4<i32>;

// Four columns of totals of four rows, or with `short` or `split` of two.
@if(!short && !split) const TILE_ROWS: u32 = 4u;
@if(!short && !split) struct Totals { r0: Total, r1: Total, r2: Total, r3: Total }
@if(short || split) const TILE_ROWS: u32 = 2u;
@if(short || split) struct Totals { r0: Total, r1: Total }

// Sixteen-value steps between two folds: a scale group, or as many as f32 sums stay exact for.
@if(groups) const FOLD: u32 = 4u;
@if(!groups && !dot4) const FOLD: u32 = 64u;
@if(!groups && dot4) const FOLD: u32 = 0x10000u;

// n, as a loop bound that only run time knows: drivers unroll constant ones whole, at seconds of compile time.
fn run_time(n: u32) -> u32 { return n * min(arrayLength(&w), 1u); }

// One row of y, without the factors that the row's scale has already applied.
@if(groups) fn dequantize(row: u32, column4: u32, total: Total) -> vec4<f32> {
  return total * w_scale[column4] + bias[column4];
}
@if(row) fn dequantize(row: u32, column4: u32, total: Total) -> vec4<f32> {
  let sum = vec4<f32>(total + of_excess(row, column4));
  return sum * (a_scale[3u * row] * w_scale[column4]) + bias[column4];
}

// The excess of the row's outlier over int8, times its weights; most rows have none.
@if(row) fn of_excess(row: u32, column4: u32) -> vec4<i32> {
  let excess = i32(a_scale[3u * row + 1u]);
  if (excess == 0) { return vec4<i32>(); }
  let k = u32(a_scale[3u * row + 2u]);
  let column = column4 * 4u;
  return excess * vec4<i32>(weight(k, column), weight(k, column + 1u), weight(k, column + 2u), weight(k, column + 3u));
}

@if(row && !words) fn word_of(k: u32, column: u32) -> u32 { return w[k / 16u * length_n() + column][k % 16u / 4u]; }
@if(row && words) fn word_of(k: u32, column: u32) -> u32 { return w[(k / 16u * length_n() + column) * 4u + k % 16u / 4u]; }
@if(row) fn weight(k: u32, column: u32) -> i32 { return extractBits(bitcast<i32>(word_of(k, column)), k % 4u * 8u, 8u); }

@if(accumulate) fn store(row: u32, column4: u32, total: Total) {
  if (row < row_count()) { out[row * (length_n() / 4u) + column4] = total; }
}
@if(add) fn store(row: u32, column4: u32, total: Total) {
  if (row < row_count()) {
    let addend_row = row / rows_per_image() * addend_rows() + row % rows_per_image();
    let before = vec4<f32>(addend[addend_row * (length_n() / 4u) + column4]);
    out[row * (length_n() / 4u) + column4] = to_stream(dequantize(row, column4, total) + before);
  }
}
@if(store) fn store(row: u32, column4: u32, total: Total) {
  if (row < row_count()) {
    out[row * (length_n() / 4u) + column4] = to_stream(activate(activation(), dequantize(row, column4, total)));
  }
}

// One row after another, by selection and not by index: an array that run time indexes is memory, and four rows at once want
// more registers than the product itself.
@if(short || split) fn row_of(totals: Totals, r: u32) -> Total { return select(totals.r0, totals.r1, r == 1u); }
@if(!short && !split) fn row_of(totals: Totals, r: u32) -> Total {
  return select(select(totals.r0, totals.r1, r == 1u), select(totals.r2, totals.r3, r == 3u), r >= 2u);
}

@if(!quantize) fn finish(row: u32, column4: u32, local: vec2<u32>, totals: Totals) {
  let end = run_time(TILE_ROWS);
  for (var left = end; left > 0u; left--) { let r = end - left; store(row + r, column4, row_of(totals, r)); }
}

fn peak_of(y: vec4<f32>) -> f32 {
  let magnitude = abs(y);
  return max(max(magnitude.x, magnitude.y), max(magnitude.z, magnitude.w));
}

@if(quantize) fn raise_peak(index: u32, y: vec4<f32>) { atomicMax(&peaks[index], bitcast<u32>(peak_of(y))); }
@if(quantize) fn row_peak(index: u32) -> f32 { return bitcast<f32>(atomicLoad(&peaks[index])); }

@if(quantize) fn store(row: u32, column4: u32, y: vec4<f32>, peak: f32) {
  if (row < row_count()) { out[row * (length_n() / 4u) + column4] = quantize_i8(y, inverse_scale(peak)); }
  if (column4 % 16u == 0u && row < row_count()) { out_scale[row * (length_n() / 64u) + column4 / 16u] = peak / 127.0; }
}

@if(quantize && short) fn with_row(totals: Totals, r: u32, row: Total) -> Totals {
  return Totals(select(totals.r0, row, r == 0u), select(totals.r1, row, r == 1u));
}
@if(quantize && !short) fn with_row(totals: Totals, r: u32, row: Total) -> Totals {
  return Totals(
    select(totals.r0, row, r == 0u), select(totals.r1, row, r == 1u),
    select(totals.r2, row, r == 2u), select(totals.r3, row, r == 3u));
}

// The sixteen threads along x own one group of 64 columns together.
@if(quantize) fn finish(row: u32, column4: u32, local: vec2<u32>, totals: Totals) {
  let end = run_time(TILE_ROWS);
  let at = local.y * TILE_ROWS;
  var kept = totals;
  for (var left = end; left > 0u; left--) {
    let r = end - left;
    let y = activate(activation(), dequantize(row + r, column4, row_of(kept, r)));
    raise_peak(at + r, y);
    kept = with_row(kept, r, bitcast<Total>(y));
  }
  workgroupBarrier();
  for (var left = end; left > 0u; left--) { let r = end - left; store(row + r, column4, bitcast<vec4<f32>>(row_of(kept, r)), row_peak(at + r)); }
}
