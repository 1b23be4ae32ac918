// int8 GEMM with both operands staged through workgroup memory: (4 * ROW_THREADS) x 64 outputs per workgroup,
// 64 of K per barrier pair, four by four outputs per thread. The shape for GPUs.
import package::lib::gemm::{length_k, length_n, FOLD, ROW_THREADS, Totals, a, w, finish};
import package::lib::sixteen::sixteen;
import package::lib::fold::{Tile, dot_columns, fold};

const SLAB: u32 = 4u;                                                    // steps of sixteen per barrier pair
var<workgroup> a_slab: array<vec4<u32>, 16u * ROW_THREADS>;              // [k16][row]: neighbours read neighbours
var<workgroup> w_slab: array<vec4<u32>, 256>;                            // [k16][column]

fn load_slab(first_row: u32, first_column: u32, k: u32, thread: u32) {
  let rows = 4u * ROW_THREADS;
  for (var i = thread; i < SLAB * rows; i += 16u * ROW_THREADS) {
    a_slab[i] = a[(first_row + i % rows) * (length_k() / 16u) + k + i / rows];
  }
  for (var i = thread; i < SLAB * 64u; i += 16u * ROW_THREADS) {
    w_slab[i] = w[(k + i / 64u) * length_n() + first_column + i % 64u];
  }
}

fn step(tile: Tile, k: u32, local: vec2<u32>) -> Tile {
  let column = k * 64u + local.x * 4u;
  let w0 = sixteen(w_slab[column]);
  let w1 = sixteen(w_slab[column + 1u]);
  let w2 = sixteen(w_slab[column + 2u]);
  let w3 = sixteen(w_slab[column + 3u]);
  let row = k * 4u * ROW_THREADS + local.y * 4u;
  return Tile(
    tile.r0 + dot_columns(sixteen(a_slab[row]), w0, w1, w2, w3),
    tile.r1 + dot_columns(sixteen(a_slab[row + 1u]), w0, w1, w2, w3),
    tile.r2 + dot_columns(sixteen(a_slab[row + 2u]), w0, w1, w2, w3),
    tile.r3 + dot_columns(sixteen(a_slab[row + 3u]), w0, w1, w2, w3));
}

@compute @workgroup_size(16, ROW_THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let first_row = group.y * ROW_THREADS * 4u;
  var totals = Totals();
  var tile = Tile();
  for (var slab = 0u; slab < length_k() / 64u; slab++) {
    load_slab(first_row, group.x * 64u, slab * SLAB, thread);
    workgroupBarrier();
    for (var k = 0u; k < SLAB; k++) { tile = step(tile, k, local.xy); }
    workgroupBarrier();
    if ((slab + 1u) * SLAB % FOLD == 0u || slab + 1u == length_k() / 64u) {
      totals = fold(totals, tile, first_row + local.y * 4u, ((slab + 1u) * SLAB - 1u) / FOLD);
      tile = Tile();
    }
  }
  finish(first_row + local.y * 4u, group.x * 16u + local.x, local.xy, totals);
}
