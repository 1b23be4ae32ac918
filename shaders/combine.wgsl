// out = x + y, or activation(x) y, value by value. A y of no rows for each image is one table that all of them share.
import package::lib::activations::activate_by;

const SUM: u32 = 255u;

struct Params { vectors: u32, columns4: u32, rows: u32, x_rows: u32, y_rows: u32, operation: u32 }

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;             // [images, x rows, columns]
@group(0) @binding(1) var<storage, read> y: array<vec4<f32>>;             // [images, y rows, columns] or [rows, columns]
@group(0) @binding(2) var<storage, read_write> out: array<vec4<f32>>;     // [images, rows, columns]
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>) {
  let i = id.y * count.x * 64u + id.x;
  if (i >= params.vectors) { return; }
  let column4 = i % params.columns4;
  let image = i / params.columns4 / params.rows;
  let row = i / params.columns4 % params.rows;
  let a = x[(image * params.x_rows + row) * params.columns4 + column4];
  let b = y[(image * params.y_rows + row) * params.columns4 + column4];
  if (params.operation == SUM) {
    out[i] = a + b;
  } else {
    out[i] = activate_by(params.operation, a) * b;
  }
}
