// Vertical pass of Pillow's resize, crop and cut into patches: one thread makes four pixels of one patch.
// int8: patches[patch, c, i] = byte - 128, exact, so that (byte * rescale - mean) / std = (int8 + 128) * SCALE + OFFSET.
import package::lib::resample::{Resize, to_bytes};

override WIDTH: u32; // of the crop
override HEIGHT: u32;
override GRID_WIDTH: u32; // patches in a row of patches
override PATCH: u32; // pixels along a side
override QUADS: u32; // fours of pixels in a channel of a patch: whole groups of 64, padded with zeros
override SCALE_R: f32;
override SCALE_G: f32;
override SCALE_B: f32;
@if(float) override OFFSET_R: f32;
@if(float) override OFFSET_G: f32;
@if(float) override OFFSET_B: f32;

@group(0) @binding(0) var<storage, read> narrow: array<u32>; // [rows, WIDTH] RGB bytes and a zero
@group(0) @binding(1) var<storage, read> tables: array<i32>; // at row_table: starts [HEIGHT], weights [HEIGHT, row_taps]
@group(0) @binding(2) var<uniform> resize: Resize;
@if(!float) @group(0) @binding(3) var<storage, read_write> patches: array<u32>; // [rows, 3, QUADS] four int8
@if(!float) @group(0) @binding(4) var<storage, read_write> scales: array<f32>; // [rows, 3, QUADS / 16]
@if(float) @group(0) @binding(3) var<storage, read_write> patches: array<vec4<f32>>; // [rows, 3, QUADS]

const ZERO_BYTE: u32 = 128; // the byte whose int8 is 0

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let cell = resize.patch_start + id.x / QUADS;
  if (cell >= resize.patch_end) {
    return;
  }
  let quad = id.x % QUADS;
  let out = (resize.first_row + cell) * 3 * QUADS + quad;
  var reds = vec4<u32>(ZERO_BYTE);
  var greens = vec4<u32>(ZERO_BYTE);
  var blues = vec4<u32>(ZERO_BYTE);
  for (var lane = 0u; lane < 4; lane++) {
    let i = quad * 4 + lane;
    if (i < PATCH * PATCH) {
      let bytes = pixel(cell % GRID_WIDTH * PATCH + i % PATCH, cell / GRID_WIDTH * PATCH + i / PATCH);
      reds[lane] = bytes.r;
      greens[lane] = bytes.g;
      blues[lane] = bytes.b;
    }
  }
  store(out, quad, reds, 0);
  store(out + QUADS, quad, greens, 1);
  store(out + 2 * QUADS, quad, blues, 2);
}

fn pixel(x: u32, y: u32) -> vec3<u32> {
  let start = u32(tables[resize.row_table + y]) - resize.band_start;
  let weights = resize.row_table + HEIGHT + y * resize.row_taps;
  var sum = vec3<i32>(0);
  for (var left = resize.row_taps; left > 0u; left--) {
    let t = resize.row_taps - left;
    let rgb = (vec3<u32>(narrow[(start + t) * WIDTH + x]) >> vec3<u32>(0, 8, 16)) & vec3<u32>(255);
    sum += tables[weights + t] * vec3<i32>(rgb);
  }
  return to_bytes(sum);
}

@if(!float)
fn store(out: u32, quad: u32, bytes: vec4<u32>, channel: u32) {
  patches[out] = dot(bytes, vec4<u32>(1, 1 << 8, 1 << 16, 1 << 24)) ^ 0x80808080;
  if (quad % 16 == 0) {
    scales[out / 16] = vec3<f32>(SCALE_R, SCALE_G, SCALE_B)[channel];
  }
}

@if(float)
fn store(out: u32, quad: u32, bytes: vec4<u32>, channel: u32) {
  let scale = vec3<f32>(SCALE_R, SCALE_G, SCALE_B)[channel];
  let offset = vec3<f32>(OFFSET_R, OFFSET_G, OFFSET_B)[channel];
  let inside = quad * 4 + vec4<u32>(0, 1, 2, 3) < vec4<u32>(PATCH * PATCH);
  patches[out] = select(vec4<f32>(0), vec4<f32>(bytes) * scale + offset, inside);
}
