// int8 products per second: eight independent chains of dot4I8Packed with their own sums, and no loads. The result is not used but must be
// correct.
override ROUNDS: u32;   // of four links, so that the loop's own counting is little

@group(0) @binding(0) var<storage, read> seed: array<u32>;              // [threads] four int8 each
@group(0) @binding(1) var<storage, read_write> out: array<i32>;         // [threads]

fn link(sum: i32, b: u32) -> i32 { return sum + dot4I8Packed(bitcast<u32>(sum), b); }

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
  let b = seed[thread.x];
  var s0 = 0x01020304i; var s1 = 0x05060708i; var s2 = 0x090a0b0ci; var s3 = 0x0d0e0f10i;
  var s4 = 0x11121314i; var s5 = 0x15161718i; var s6 = 0x191a1b1ci; var s7 = 0x1d1e1f20i;
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
  out[thread.x] = s0 ^ s1 ^ s2 ^ s3 ^ s4 ^ s5 ^ s6 ^ s7;
}
