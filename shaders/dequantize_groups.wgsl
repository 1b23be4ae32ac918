// int8 rows with a scale per row and 64 columns to f32. A thread for each four values.
import package::lib::pack::unpack_i8;

struct Params { vectors: u32, length4: u32 }

@group(0) @binding(0) var<storage, read> x: array<u32>;                          // [rows, columns] int8
@group(0) @binding(1) var<storage, read> x_scale: array<f32>;                    // [rows, columns / 64]
@group(0) @binding(2) var<storage, read_write> out: array<vec4<f32>>;            // [rows, columns]
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>) {
  let i = id.y * count.x * 64u + id.x;
  if (i >= params.vectors) { return; }
  out[i] = vec4<f32>(unpack_i8(x[i])) * x_scale[i / params.length4];
}
