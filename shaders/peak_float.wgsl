// How many f32 multiply-adds a second: eight chains of vec4, so that none waits for another, and nothing to load.
override ROUNDS: u32;   // of four links, so that the loop's own counting is little

@group(0) @binding(0) var<storage, read> seed: array<vec4<f32>>;        // [threads]
@group(0) @binding(1) var<storage, read_write> out: array<vec4<f32>>;   // [threads]

fn link(sum: vec4<f32>, b: vec4<f32>) -> vec4<f32> { return fma(sum, b, b); }

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
  let b = seed[thread.x];
  var s0 = b; var s1 = b + 1.0; var s2 = b + 2.0; var s3 = b + 3.0;
  var s4 = b + 4.0; var s5 = b + 5.0; var s6 = b + 6.0; var s7 = b + 7.0;
  for (var round = 0u; round < ROUNDS; round++) {
    s0 = link(s0, b); s1 = link(s1, b); s2 = link(s2, b); s3 = link(s3, b);
    s4 = link(s4, b); s5 = link(s5, b); s6 = link(s6, b); s7 = link(s7, b);
    s0 = link(s0, b); s1 = link(s1, b); s2 = link(s2, b); s3 = link(s3, b);
    s4 = link(s4, b); s5 = link(s5, b); s6 = link(s6, b); s7 = link(s7, b);
    s0 = link(s0, b); s1 = link(s1, b); s2 = link(s2, b); s3 = link(s3, b);
    s4 = link(s4, b); s5 = link(s5, b); s6 = link(s6, b); s7 = link(s7, b);
    s0 = link(s0, b); s1 = link(s1, b); s2 = link(s2, b); s3 = link(s3, b);
    s4 = link(s4, b); s5 = link(s5, b); s6 = link(s6, b); s7 = link(s7, b);
  }
  out[thread.x] = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
}
