// LayerNorm and quantisation of the rows that a GEMM has just written to the residual stream, each by who has written it, so
// that no barrier on storage is needed.
import package::lib::gemm::{ROW_THREADS, params, vectors, out, norm, norm_scale, length_n, row_count, run_time};
import package::lib::outlier::{Greatest, raised, merged, of_lanes, limit_of, outlier_of, tells};
import package::lib::pack::{quantize_i8, inverse_scale};

fn sum(value: vec4<f32>) -> f32 { return dot(value, vec4<f32>(1.0)); }

// Squares of what x is off the mean; zero in the columns behind the model's width.
fn squares(x: vec4<f32>, column4: u32, mean: f32) -> f32 {
  let difference = select(vec4<f32>(0.0), x - mean, column4 < params.width / 4u);
  return dot(difference, difference);
}

fn inverse_deviation(squares: f32) -> f32 { return inverseSqrt(squares / f32(params.width) + params.eps); }

fn normalised(x: vec4<f32>, column4: u32, mean: f32, inverse: f32) -> vec4<f32> {
  let length = length_n() / 4u;
  return (x - mean) * inverse * vectors[2u * length + column4] + vectors[3u * length + column4];
}

fn store_scale(row: u32, limit: f32) { norm_scale[3u * row] = limit / 127.0; }
fn store_outlier(row: u32, outlier: vec2<f32>) {
  norm_scale[3u * row + 1u] = outlier.x;
  norm_scale[3u * row + 2u] = outlier.y;
}

// A row by one thread. No copy of it: drivers clear private memory by one store a word, compiled one by one.
@if(rows) fn normalise(row: u32) {
  if (row >= row_count()) { return; }
  let length = run_time(length_n() / 4u);
  let first = row * length;
  var total = 0.0;
  for (var c = 0u; c < length; c++) { total += sum(out[first + c]); }
  let mean = total / f32(params.width);
  var variance = 0.0;
  for (var c = 0u; c < length; c++) { variance += squares(out[first + c], c, mean); }
  let inverse = inverse_deviation(variance);
  var greatest = Greatest();
  for (var c = 0u; c < length; c++) { greatest = raised(greatest, normalised(out[first + c], c, mean, inverse)); }
  let limit = limit_of(of_lanes(greatest));
  let to_steps = inverse_scale(limit);
  var outlier = vec2<f32>();
  for (var c = 0u; c < length; c++) {
    let y = normalised(out[first + c], c, mean, inverse);
    norm[first + c] = quantize_i8(y, to_steps);
    outlier = outlier_of(outlier, y, to_steps, c);
  }
  store_scale(row, limit);
  store_outlier(row, outlier);
}

// A row by the sixteen threads along x. Call where control flow is uniform.
@if(!rows) var<workgroup> partials: array<vec2<f32>, 16u * ROW_THREADS>;

@if(!rows) fn share(local: vec2<u32>, own: vec2<f32>) {
  workgroupBarrier();
  partials[local.y * 16u + local.x] = own;
  workgroupBarrier();
}

@if(!rows) fn sum_of_row(local: vec2<u32>, own: f32) -> f32 {
  share(local, vec2<f32>(own, 0.0));
  let end = run_time(16u);
  var total = 0.0;
  for (var x = 0u; x < end; x++) { total += partials[local.y * 16u + x].x; }
  return total;
}

@if(!rows) fn greatest_of_row(local: vec2<u32>, own: vec2<f32>) -> vec2<f32> {
  share(local, own);
  let end = run_time(16u);
  var greatest = vec2<f32>();
  for (var x = 0u; x < end; x++) { greatest = merged(greatest, partials[local.y * 16u + x]); }
  return greatest;
}

@if(!rows) fn normalise(row: u32, local: vec2<u32>) {
  let tiles = run_time(length_n() / 64u);
  let first = row * (length_n() / 4u) + local.x;
  var own = 0.0;
  for (var i = 0u; i < tiles; i++) { own += sum(out[first + i * 16u]); }
  let mean = sum_of_row(local, own) / f32(params.width);
  own = 0.0;
  for (var i = 0u; i < tiles; i++) { own += squares(out[first + i * 16u], i * 16u + local.x, mean); }
  let inverse = inverse_deviation(sum_of_row(local, own));
  var own_greatest = Greatest();
  for (var i = 0u; i < tiles; i++) {
    own_greatest = raised(own_greatest, normalised(out[first + i * 16u], i * 16u + local.x, mean, inverse));
  }
  let greatest = greatest_of_row(local, of_lanes(own_greatest));
  let limit = limit_of(greatest);
  let to_steps = inverse_scale(limit);
  if (row < row_count()) {
    var outlier = vec2<f32>();
    for (var i = 0u; i < tiles; i++) {
      let y = normalised(out[first + i * 16u], i * 16u + local.x, mean, inverse);
      norm[first + i * 16u] = quantize_i8(y, to_steps);
      outlier = outlier_of(outlier, y, to_steps, i * 16u + local.x);
    }
    if (local.x == 0u) { store_scale(row, limit); }
    if (tells(outlier, local.x == 0u, greatest, to_steps)) { store_outlier(row, outlier); }
  }
}
