// out[row] = the columns of x, then those of y.

struct Params { vectors: u32, columns4: u32, rows: u32, x_width4: u32, y_width4: u32, x_columns4: u32, y_columns4: u32, x_rows: u32, y_rows: u32 }

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;             // [images, x rows, x columns]
@group(0) @binding(1) var<storage, read> y: array<vec4<f32>>;             // [images, y rows, y columns]
@group(0) @binding(2) var<storage, read_write> out: array<vec4<f32>>;     // [images, rows, columns], zero behind y
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>) {
  let i = id.y * count.x * 64u + id.x;
  if (i >= params.vectors) { return; }
  let column4 = i % params.columns4;
  let image = i / params.columns4 / params.rows;
  let row = i / params.columns4 % params.rows;
  if (column4 < params.x_width4) {
    out[i] = x[(image * params.x_rows + row) * params.x_columns4 + column4];
    return;
  }
  let y_column4 = column4 - params.x_width4;
  if (y_column4 >= params.y_width4) {
    out[i] = vec4<f32>(0.0);
    return;
  }
  out[i] = y[(image * params.y_rows + row) * params.y_columns4 + y_column4];
}
