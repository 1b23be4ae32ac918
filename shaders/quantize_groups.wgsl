// f32 rows to int8 with a scale per row and 64 columns. A thread for each 64 columns.
import package::lib::pack::{quantize_i8, inverse_scale};

struct Params { groups: u32, length4: u32 }

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;                    // [rows, columns]
@group(0) @binding(1) var<storage, read_write> out: array<u32>;                  // [rows, columns] int8
@group(0) @binding(2) var<storage, read_write> out_scale: array<f32>;            // [rows, columns / 64]
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>) {
  let group = id.y * count.x * 64u + id.x;
  if (group >= params.groups) { return; }
  let first = group * params.length4;
  var peak = 0.0;
  for (var left = params.length4; left > 0u; left--) {
    let i = params.length4 - left;
    let magnitude = abs(x[first + i]);
    peak = max(peak, max(max(magnitude.x, magnitude.y), max(magnitude.z, magnitude.w)));
  }
  let inverse = inverse_scale(peak);
  for (var left = params.length4; left > 0u; left--) { let i = params.length4 - left; out[first + i] = quantize_i8(x[first + i], inverse); }
  out_scale[group] = peak / 127.0;
}
