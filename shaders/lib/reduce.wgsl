// Reductions over a workgroup of THREADS; call them in uniform control flow. First, one thread per eighth reduces the values, then every
// thread reduces all eighths: two barriers, and none at the end, because the next call writes only values that are no longer read.
import package::lib::outlier::merged;

override THREADS: u32 = 64u;     // multiple of 8
var<workgroup> values: array<vec4<f32>, THREADS / 4u>;
var<workgroup> sums: array<f32, THREADS / 8u>;
var<workgroup> pairs: array<vec2<f32>, THREADS>;
var<workgroup> greatest_pairs: array<vec2<f32>, THREADS / 8u>;

fn workgroup_sum(thread: u32, value: f32) -> f32 {
  values[thread / 4u][thread % 4u] = value;
  workgroupBarrier();
  if (thread < THREADS / 8u) { sums[thread] = dot(values[2u * thread] + values[2u * thread + 1u], vec4<f32>(1.0)); }
  workgroupBarrier();
  var sum = 0.0;
  for (var i = 0u; i < THREADS / 8u; i++) { sum += sums[i]; }
  return sum;
}

// The two greatest of everybody's two greatest.
fn workgroup_greatest(thread: u32, own: vec2<f32>) -> vec2<f32> {
  pairs[thread] = own;
  workgroupBarrier();
  if (thread < THREADS / 8u) {
    var greatest = vec2<f32>();
    for (var i = 0u; i < 8u; i++) { greatest = merged(greatest, pairs[8u * thread + i]); }
    greatest_pairs[thread] = greatest;
  }
  workgroupBarrier();
  var greatest = vec2<f32>();
  for (var i = 0u; i < THREADS / 8u; i++) { greatest = merged(greatest, greatest_pairs[i]); }
  return greatest;
}
