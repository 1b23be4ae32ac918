// y[row] = (x[row] - mean) / sqrt(variance + eps) * gamma + beta, in f32 or in int8 with a scale per row.
// One workgroup per row; mean and variance in two sweeps, because E[x^2] - E[x]^2 cancels.
import package::lib::layernorm::{WIDTH, EPS, value, row_length, spread_of, normalised};
import package::lib::reduce::{THREADS, workgroup_sum, workgroup_max};
@if(quantize) import package::lib::pack::{quantize_i8, inverse_scale};
@if(quantize) import package::lib::layernorm::{peak_of, out, out_scale};
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
    var peak = 0.0;
    for (var c = thread; c < length; c += THREADS) {
      peak = max(peak, peak_of(normalised(first + c, c, mean, inverse_deviation)));
    }
    peak = workgroup_max(thread, peak);
    for (var c = thread; c < length; c += THREADS) {
      out[first + c] = quantize_i8(normalised(first + c, c, mean, inverse_deviation), inverse_scale(peak));
    }
    if (thread == 0u) { out_scale[row] = peak / 127.0; }
  }
  @if(!quantize) {
    for (var c = thread; c < length; c += THREADS) {
      out[first + c] = normalised(first + c, c, mean, inverse_deviation);
    }
  }
}
