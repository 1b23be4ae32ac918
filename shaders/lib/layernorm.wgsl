// Shared by both LayerNorm shapes. Rows are as wide in memory as gamma is long; columns from WIDTH are zero.

import package::lib::stream::Stream;

override WIDTH: u32;      // multiple of 4
override EPS: f32;

@group(0) @binding(0) var<storage, read> x: array<Stream>;            // [rows, stride]
@group(0) @binding(1) var<storage, read> gamma: array<vec4<f32>>;     // [stride], zero from WIDTH on
@group(0) @binding(2) var<storage, read> beta: array<vec4<f32>>;      // [stride], zero from WIDTH on
@if(quantize) @group(0) @binding(3) var<storage, read_write> out: array<u32>;             // [rows, stride] int8
@if(quantize) @group(0) @binding(4) var<storage, read_write> out_scale: array<f32>;       // [rows, 3]: see lib/outlier.wgsl
@if(!quantize) @group(0) @binding(3) var<storage, read_write> out: array<vec4<f32>>;      // [rows, stride]

fn value(at: u32) -> vec4<f32> { return vec4<f32>(x[at]); }

fn spread_of(value: vec4<f32>, column4: u32, mean: f32) -> f32 {
  let difference = select(vec4<f32>(0.0), value - mean, column4 < WIDTH / 4u);
  return dot(difference, difference);
}

fn normalised(value: vec4<f32>, column4: u32, mean: f32, inverse_deviation: f32) -> vec4<f32> {
  return (value - mean) * inverse_deviation * gamma[column4] + beta[column4];
}

@if(quantize) fn store_scale(row: u32, limit: f32) { out_scale[3u * row] = limit / 127.0; }
@if(quantize) fn store_outlier(row: u32, outlier: vec2<f32>) {
  out_scale[3u * row + 1u] = outlier.x;
  out_scale[3u * row + 2u] = outlier.y;
}
