// f32 GEMM of the reference path: y = a w + bias, then an activation (`activate`) or an addend (`add`).
// Four by four outputs per thread, straight from storage.
import package::lib::gelu::activate;

override K: u32;                      // multiple of 4
override N: u32;                      // multiple of 64
override ROW_THREADS: u32 = 4u;

@group(0) @binding(0) var<storage, read> a: array<vec4<f32>>;           // [rows, K]
@group(0) @binding(1) var<storage, read> w: array<vec4<f32>>;           // [K, N]
@group(0) @binding(2) var<storage, read> bias: array<vec4<f32>>;        // [N]
@if(add) @group(0) @binding(3) var<storage, read> addend: array<vec4<f32>>;         // [addend rows, N]
@if(add) @group(0) @binding(4) var<storage, read_write> out: array<vec4<f32>>;      // [rows, N]
@if(add) override ROWS_PER_IMAGE: u32 = 1u;
@if(add) override ADDEND_ROWS: u32 = 1u;
@if(!add) @group(0) @binding(3) var<storage, read_write> out: array<vec4<f32>>;     // [rows, N]
@if(!add) override ACTIVATION: u32 = 0u;

@if(add) fn store(row: u32, column4: u32, sums: vec4<f32>) {
  let addend_row = row / ROWS_PER_IMAGE * ADDEND_ROWS + row % ROWS_PER_IMAGE;
  out[row * (N / 4u) + column4] = sums + bias[column4] + addend[addend_row * (N / 4u) + column4];
}
@if(!add) fn store(row: u32, column4: u32, sums: vec4<f32>) {
  out[row * (N / 4u) + column4] = activate(ACTIVATION, sums + bias[column4]);
}

@compute @workgroup_size(16, ROW_THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
  let column4 = group.x * 16u + local.x;
  let row = (group.y * ROW_THREADS + local.y) * 4u;
  let stride = K / 4u;
  var s0 = vec4<f32>();
  var s1 = vec4<f32>();
  var s2 = vec4<f32>();
  var s3 = vec4<f32>();
  for (var k = 0u; k < K / 4u; k++) {
    let at = k * N + column4;
    let columns = mat4x4<f32>(w[at], w[at + N / 4u], w[at + N / 2u], w[at + 3u * (N / 4u)]);
    s0 += columns * a[row * stride + k];
    s1 += columns * a[(row + 1u) * stride + k];
    s2 += columns * a[(row + 2u) * stride + k];
    s3 += columns * a[(row + 3u) * stride + k];
  }
  store(row, column4, s0);
  store(row + 1u, column4, s1);
  store(row + 2u, column4, s2);
  store(row + 3u, column4, s3);
}
