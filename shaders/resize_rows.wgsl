// Horizontal pass of Pillow's antialiased resize, to the bit: one thread makes one pixel of a row of the crop's width.
import package::lib::resample::{Resize, PANEL_SHIFT, to_bytes};

override WIDTH: u32; // of the crop

@group(0) @binding(0) var picture: texture_2d<f32>; // [panels * panel_rows, 8192] RGBA
@group(0) @binding(1) var<storage, read> tables: array<i32>; // starts [WIDTH], weights [WIDTH, column_taps], ...
@group(0) @binding(2) var<uniform> resize: Resize;
@group(0) @binding(3) var<storage, read_write> narrow: array<u32>; // [rows, WIDTH] RGB bytes and a zero

@compute @workgroup_size(32, 2)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = id.x;
  if (x >= WIDTH || id.y >= resize.strip_rows) {
    return;
  }
  let start = u32(tables[x]);
  let weights = WIDTH + x * resize.column_taps;
  var sum = vec3<i32>(0);
  for (var left = resize.column_taps; left > 0u; left--) {
    let t = resize.column_taps - left;
    sum += tables[weights + t] * texel(start + t, id.y);
  }
  let bytes = to_bytes(sum);
  narrow[(resize.strip_start + id.y) * WIDTH + x] = bytes.r | (bytes.g << 8) | (bytes.b << 16);
}

fn texel(x: u32, y: u32) -> vec3<i32> {
  let at = vec2<u32>(x & ((1u << PANEL_SHIFT) - 1), y + (x >> PANEL_SHIFT) * resize.panel_rows);
  return vec3<i32>(round(textureLoad(picture, at, 0).rgb * 255));
}
