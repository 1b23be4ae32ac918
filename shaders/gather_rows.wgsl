// out[row] = rows index[row, 0], index[row, 1], ... of x side by side, for each image; row -1 is zeros.

struct Params { vectors: u32, columns4: u32, rows: u32, piece4: u32, x_columns4: u32, x_rows: u32, pieces: u32 }

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;             // [images, x rows, x columns]
@group(0) @binding(1) var<storage, read> index: array<f32>;               // [rows, pieces], whole numbers
@group(0) @binding(2) var<storage, read_write> out: array<vec4<f32>>;     // [images, rows, columns], zero behind the last piece
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>) {
  let i = id.y * count.x * 64u + id.x;
  if (i >= params.vectors) { return; }
  let column4 = i % params.columns4;
  let row = i / params.columns4;
  let piece = column4 / params.piece4;
  var place = -1.0;
  if (piece < params.pieces) { place = index[row % params.rows * params.pieces + piece]; }
  if (place < 0.0) {
    out[i] = vec4<f32>(0.0);
    return;
  }
  let source = row / params.rows * params.x_rows + u32(place);
  out[i] = x[source * params.x_columns4 + column4 % params.piece4];
}
