// Tree reductions over a workgroup of THREADS; call them where control flow is uniform.

const THREADS: u32 = 64u;
var<workgroup> scratch: array<f32, THREADS>;

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

fn workgroup_max(thread: u32, value: f32) -> f32 {
  scratch[thread] = value;
  workgroupBarrier();
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    if (thread < half) { scratch[thread] = max(scratch[thread], scratch[thread + half]); }
    workgroupBarrier();
  }
  let greatest = scratch[0];
  workgroupBarrier();
  return greatest;
}
