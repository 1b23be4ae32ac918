// out[image] = the mean of rows [first, first + count) of x, in f32. Four columns a thread.

struct Params { vectors: u32, columns4: u32, x_rows: u32, first: u32, count: u32 }

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;             // [images, x rows, columns]
@group(0) @binding(1) var<storage, read_write> out: array<vec4<f32>>;     // [images, columns]
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= params.vectors) { return; }
  let columns4 = params.columns4;
  let source = (id.x / columns4 * params.x_rows + params.first) * columns4 + id.x % columns4;
  var sum = vec4<f32>();
  for (var left = params.count; left > 0u; left--) { let row = params.count - left; sum += x[source + row * columns4]; }
  out[id.x] = sum / f32(params.count);
}
