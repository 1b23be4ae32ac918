// out = activation(x) at the nearest level of a quantizer whose parameters were settled by calibration:
// as int8 with the scale of its column's group (uniform only), or with `float` as the value itself.
import package::lib::levels::{Levels, uniform_level, nearest};
import package::lib::gelu::activate;
@if(!float) import package::lib::pack::pack_i8;

struct Params { vectors: u32, columns4: u32, activation: u32, @align(16) levels: Levels }

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;               // [rows, columns]
@group(0) @binding(1) var<storage, read> table: array<mat2x4<f32>>;         // [columns / 4]: four scales, four seconds
@if(float) @group(0) @binding(2) var<storage, read_write> out: array<vec4<f32>>;         // [rows, columns]
@if(float) @group(0) @binding(3) var<uniform> params: Params;
@if(!float) @group(0) @binding(2) var<storage, read_write> out: array<u32>;              // [rows, columns] int8
@if(!float) @group(0) @binding(3) var<storage, read_write> out_scale: array<f32>;        // [rows, columns / 64]
@if(!float) @group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>) {
  let i = id.y * count.x * 64u + id.x;
  if (i >= params.vectors) { return; }
  let column = table[i % params.columns4];
  let y = activate(params.activation, x[i]);
  @if(float) { out[i] = nearest(params.levels, y, column[0], column[1]); }
  @if(!float) {
    out[i] = pack_i8(vec4<i32>(uniform_level(params.levels, y, column[0], column[1])));
    if (i % 16u == 0u) { out_scale[i / 16u] = column[0].x; }
  }
}
