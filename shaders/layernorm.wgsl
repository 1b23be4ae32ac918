// y[row] = (x[row] - mean) / sqrt(variance + eps) * gamma + beta, in f32 or in int8 with a scale per row and 16 bits for its outlier. One
// workgroup per row, which reads it once and keeps it in registers: mean and variance take two passes, because E[x^2] - E[x]^2 cancels, and
// int8 takes two more.
import package::lib::layernorm::{WIDTH, EPS, value, spread_of, normalised};
import package::lib::reduce::{THREADS, workgroup_sum};
@if(quantize) import package::lib::reduce::workgroup_greatest;
@if(quantize) import package::lib::outlier::{Greatest, raised, of_lanes, limit_of, outlier_of, tells};
@if(quantize) import package::lib::pack::{quantize_i8, inverse_scale};
@if(quantize) import package::lib::layernorm::{out, store_scale, store_outlier};
@if(!quantize) import package::lib::layernorm::out;

@if(half) enable f16;

override LENGTH: u32;     // vectors of four in a row, at most KEPT * THREADS

// Vectors that a thread keeps. Loops over them are unrolled, and turns that no thread has are left out.
const KEPT: u32 = 8u;

// Whether a thread has a vector in a turn: the first half is known when the pipeline is made.
fn has(turn: u32, thread: u32) -> bool { return turn * THREADS < LENGTH && turn * THREADS + thread < LENGTH; }

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let row = group.x;
  let first = row * LENGTH + thread;
  var y: array<vec4<f32>, KEPT>;
  var sum = vec4<f32>();
  for (var i = 0u; i < KEPT; i++) {
    if (has(i, thread)) { y[i] = value(first + i * THREADS); sum += y[i]; }
  }
  let mean = workgroup_sum(thread, dot(sum, vec4<f32>(1.0))) / f32(WIDTH);
  var squares = 0.0;
  for (var i = 0u; i < KEPT; i++) {
    if (has(i, thread)) { squares += spread_of(y[i], i * THREADS + thread, mean); }
  }
  let inverse_deviation = inverseSqrt(workgroup_sum(thread, squares) / f32(WIDTH) + EPS);
  @if(quantize) {
    var own = Greatest();
    for (var i = 0u; i < KEPT; i++) {
      if (has(i, thread)) {
        y[i] = normalised(y[i], i * THREADS + thread, mean, inverse_deviation);
        own = raised(own, y[i]);
      }
    }
    let greatest = workgroup_greatest(thread, of_lanes(own));
    let limit = limit_of(greatest);
    let inverse = inverse_scale(limit);
    var outlier = vec2<f32>();
    for (var i = 0u; i < KEPT; i++) {
      if (has(i, thread)) {
        out[first + i * THREADS] = quantize_i8(y[i], inverse);
        outlier = outlier_of(outlier, y[i], inverse, i * THREADS + thread);
      }
    }
    if (thread == 0u) { store_scale(row, limit); }
    if (tells(outlier, thread == 0u, greatest, inverse)) { store_outlier(row, outlier); }
  }
  @if(!quantize) {
    for (var i = 0u; i < KEPT; i++) {
      if (has(i, thread)) {
        out[first + i * THREADS] = normalised(y[i], i * THREADS + thread, mean, inverse_deviation);
      }
    }
  }
}
