// out = activation(x), value by value.
import package::lib::activations::activate_by;

struct Params { vectors: u32, activation: u32 }

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> out: array<vec4<f32>>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>) {
  let i = id.y * count.x * 64u + id.x;
  if (i >= params.vectors) { return; }
  out[i] = activate_by(params.activation, x[i]);
}
