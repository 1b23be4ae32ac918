// int8 GEMM on matrix units: four subgroups multiply 32 rows by 16 columns each, from workgroup memory into workgroup memory, and every
// thread finishes four by four of the sums. Subgroups have 32 threads; on adapters with other sizes, that size must be requested. Matrices
// are 16x16x32, with `eight` 8x16x32, with `cube` 16x16x16. Offsets and strides of matrices count elements of the array that contains them.
import package::lib::gemm::{length_k, length_n, FOLD, Totals, a, w, finish};
import package::lib::fold::{Tile, fold};

diagnostic(off, chromium.subgroup_matrix_uniformity);
enable subgroups;
enable subgroup_size_control;
enable chromium_experimental_subgroup_matrix;

// Placeholders for the declarations of the extension, which linking leaves out.
alias i8 = bool;
alias subgroup_matrix_left = bool;
alias subgroup_matrix_right = bool;
alias subgroup_matrix_result = bool;
alias subgroupMatrixLoad = bool;
alias subgroupMatrixStore = bool;
alias subgroupMatrixMultiplyAccumulate = bool;
alias row_major = bool;
alias col_major = bool;

@if(eight) const MATRIX_ROWS: u32 = 8u;
@if(!eight) const MATRIX_ROWS: u32 = 16u;
@if(cube) const DEPTH: u32 = 16u;
@if(!cube) const DEPTH: u32 = 32u;
const MATRICES: u32 = 32u / MATRIX_ROWS;       // one below the other, of each subgroup
const STRIDE: u32 = 5u;                        // vectors from one row or column to the next: four, and one against conflicts of banks
alias Left = subgroup_matrix_left<i8, DEPTH, MATRIX_ROWS>;
alias Right = subgroup_matrix_right<i8, 16, DEPTH>;
alias Result = subgroup_matrix_result<i32, 16, MATRIX_ROWS>;

var<workgroup> a_slab: array<vec4<u32>, 32u * STRIDE>;     // [row][k16]
var<workgroup> w_slab: array<vec4<u32>, 64u * STRIDE>;     // [column][k16]
var<workgroup> sums: array<vec4<i32>, 32u * 16u>;          // [row][four columns]

fn load_slab(first_row: u32, first_column: u32, k: u32, thread: u32) {
  a_slab[thread / 4u * STRIDE + thread % 4u] = a[(first_row + thread / 4u) * (length_k() / 16u) + k + thread % 4u];
  let column = thread % 64u;
  let step = thread / 64u;
  let at = (k + step) * length_n() + first_column + column;
  w_slab[column * STRIDE + step] = w[at];
  w_slab[column * STRIDE + step + 2u] = w[at + 2u * length_n()];
}

fn tile_of(row: u32, quad: u32) -> Tile {
  let at = row * 16u + quad;
  return Tile(sums[at], sums[at + 16u], sums[at + 32u], sums[at + 48u]);
}

@compute @workgroup_size(128) @subgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32,
        @builtin(subgroup_id) strip: u32) {
  let local = vec2<u32>(thread % 16u, thread / 16u);
  let first_row = group.y * 32u;
  let row = first_row + local.y * 4u;
  var totals = Totals();
  var results: array<Result, MATRICES>;
  for (var left = length_k() / 64u; left > 0u; left--) {
    let slab = length_k() / 64u - left;
    load_slab(first_row, group.x * 64u, slab * 4u, thread);
    workgroupBarrier();
    for (var k = 0u; k < 64u / DEPTH; k++) {
      let at = k * (DEPTH / 16u);
      let right = subgroupMatrixLoad<Right, col_major>(&w_slab, strip * 16u * STRIDE + at, STRIDE);
      for (var i = 0u; i < MATRICES; i++) {
        let left = subgroupMatrixLoad<Left, row_major>(&a_slab, i * MATRIX_ROWS * STRIDE + at, STRIDE);
        results[i] = subgroupMatrixMultiplyAccumulate(left, right, results[i]);
      }
    }
    workgroupBarrier();
    if ((slab + 1u) * 4u % FOLD == 0u || slab + 1u == length_k() / 64u) {
      for (var i = 0u; i < MATRICES; i++) {
        subgroupMatrixStore<row_major>(&sums, i * MATRIX_ROWS * 16u + strip * 4u, results[i], 16u);
        results[i] = Result();
      }
      workgroupBarrier();
      totals = fold(totals, tile_of(local.y * 4u, local.x), row * (length_k() / 64u) + ((slab + 1u) * 4u - 1u) / FOLD);
    }
  }
  finish(row, group.x * 16u + local.x, local, totals);
}
