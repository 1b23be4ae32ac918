// Bytes that memory reads and writes per second: sixteen of each per thread, neighbors side by side.
@group(0) @binding(0) var<storage, read> x: array<vec4<u32>>;           // [threads]
@group(0) @binding(1) var<storage, read_write> out: array<vec4<u32>>;   // [threads]

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
  out[thread.x] = x[thread.x];
}
