// LayerNorm with one thread per row and no barrier: the faster shape where a thread is a lane of a processor.
import package::lib::layernorm::{WIDTH, EPS, value, gamma, spread_of, normalised};
@if(quantize) import package::lib::outlier::{Greatest, raised, of_lanes, limit_of, outlier_of};
@if(quantize) import package::lib::pack::{quantize_i8, inverse_scale};
@if(quantize) import package::lib::layernorm::{out, store_scale, store_outlier};
@if(!quantize) import package::lib::layernorm::out;

override ROWS_PER_WORKGROUP: u32 = 8u;

// Vectors of four in a row. Read at run time: drivers unroll a loop whose bound is constant, for seconds.
fn row_length() -> u32 { return arrayLength(&gamma); }

@compute @workgroup_size(ROWS_PER_WORKGROUP)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
  let row = thread.x;
  let length = row_length();
  let first = row * length;
  var sum = 0.0;
  for (var left = length; left > 0u; left--) { let c = length - left; sum += dot(value(first + c), vec4<f32>(1.0)); }
  let mean = sum / f32(WIDTH);
  var squares = 0.0;
  for (var left = length; left > 0u; left--) { let c = length - left; squares += spread_of(value(first + c), c, mean); }
  let inverse_deviation = inverseSqrt(squares / f32(WIDTH) + EPS);
  @if(quantize) {
    var greatest = Greatest();
    for (var left = length; left > 0u; left--) { let c = length - left; greatest = raised(greatest, normalised(value(first + c), c, mean, inverse_deviation)); }
    let limit = limit_of(of_lanes(greatest));
    let inverse = inverse_scale(limit);
    var outlier = vec2<f32>();
    for (var left = length; left > 0u; left--) {
      let c = length - left;
      let y = normalised(value(first + c), c, mean, inverse_deviation);
      out[first + c] = quantize_i8(y, inverse);
      outlier = outlier_of(outlier, y, inverse, c);
    }
    store_scale(row, limit);
    store_outlier(row, outlier);
  }
  @if(!quantize) {
    for (var left = length; left > 0u; left--) {
      let c = length - left;
      out[first + c] = normalised(value(first + c), c, mean, inverse_deviation);
    }
  }
}
