// Tree reductions over a workgroup of THREADS; call them where control flow is uniform.
import package::lib::outlier::merged;

const THREADS: u32 = 64u;
var<workgroup> scratch: array<f32, THREADS>;
var<workgroup> pairs: array<vec2<f32>, THREADS>;

fn workgroup_sum(thread: u32, value: f32) -> f32 {
  scratch[thread] = value;
  workgroupBarrier();
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    if (thread < half) { scratch[thread] += scratch[thread + half]; }
    workgroupBarrier();
  }
  let total = scratch[0];
  workgroupBarrier();
  return total;
}

// The two greatest of everybody's two greatest.
fn workgroup_greatest(thread: u32, own: vec2<f32>) -> vec2<f32> {
  pairs[thread] = own;
  workgroupBarrier();
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    if (thread < half) { pairs[thread] = merged(pairs[thread], pairs[thread + half]); }
    workgroupBarrier();
  }
  let greatest = pairs[0];
  workgroupBarrier();
  return greatest;
}
