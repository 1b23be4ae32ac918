// y[row] = (x[row] - mean) / sqrt(variance + eps) * gamma + beta, in f32 or in int8 with a scale per row and 16 bits for its outlier.
// One workgroup per row; mean and variance in two sweeps, because E[x^2] - E[x]^2 cancels.
import package::lib::layernorm::{WIDTH, EPS, value, row_length, spread_of, normalised};
import package::lib::reduce::{THREADS, workgroup_sum};
@if(quantize) import package::lib::reduce::workgroup_greatest;
@if(quantize) import package::lib::outlier::{Greatest, raised, of_lanes, limit_of, outlier_of, tells};
@if(quantize) import package::lib::pack::{quantize_i8, inverse_scale};
@if(quantize) import package::lib::layernorm::{out, store_scale, store_outlier};
@if(!quantize) import package::lib::layernorm::out;

@if(half) enable f16;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let row = group.x;
  let length = row_length();
  let first = row * length;
  var sum = 0.0;
  for (var c = thread; c < length; c += THREADS) { sum += dot(value(first + c), vec4<f32>(1.0)); }
  let mean = workgroup_sum(thread, sum) / f32(WIDTH);
  var squares = 0.0;
  for (var c = thread; c < length; c += THREADS) { squares += spread_of(first + c, c, mean); }
  let inverse_deviation = inverseSqrt(workgroup_sum(thread, squares) / f32(WIDTH) + EPS);
  @if(quantize) {
    var own = Greatest();
    for (var c = thread; c < length; c += THREADS) { own = raised(own, normalised(first + c, c, mean, inverse_deviation)); }
    let greatest = workgroup_greatest(thread, of_lanes(own));
    let limit = limit_of(greatest);
    let inverse = inverse_scale(limit);
    var outlier = vec2<f32>();
    for (var c = thread; c < length; c += THREADS) {
      let y = normalised(first + c, c, mean, inverse_deviation);
      out[first + c] = quantize_i8(y, inverse);
      outlier = outlier_of(outlier, y, inverse, c);
    }
    if (thread == 0u) { store_scale(row, limit); }
    if (tells(outlier, thread == 0u, greatest, inverse)) { store_outlier(row, outlier); }
  }
  @if(!quantize) {
    for (var c = thread; c < length; c += THREADS) {
      out[first + c] = normalised(first + c, c, mean, inverse_deviation);
    }
  }
}
