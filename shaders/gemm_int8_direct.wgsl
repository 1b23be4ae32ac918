// int8 GEMM without workgroup memory for its operands: four by four outputs per thread, in registers.
// The fastest shape on software adapters, whose caches are the processor's, and for few rows anywhere.
import package::lib::gemm::{length_k, length_n, FOLD, ROW_THREADS, run_time, Totals, a, w, finish};
import package::lib::sixteen::sixteen;
import package::lib::fold::{Tile, dot_columns, fold};

@if(half) enable f16;

fn step(tile: Tile, row: u32, column: u32, k: u32) -> Tile {
  let w0 = sixteen(w[k * length_n() + column]);
  let w1 = sixteen(w[k * length_n() + column + 1u]);
  let w2 = sixteen(w[k * length_n() + column + 2u]);
  let w3 = sixteen(w[k * length_n() + column + 3u]);
  let stride = length_k() / 16u;
  let at = row * stride + k;
  return Tile(
    tile.r0 + dot_columns(sixteen(a[at]), w0, w1, w2, w3),
    tile.r1 + dot_columns(sixteen(a[at + stride]), w0, w1, w2, w3),
    tile.r2 + dot_columns(sixteen(a[at + 2u * stride]), w0, w1, w2, w3),
    tile.r3 + dot_columns(sixteen(a[at + 3u * stride]), w0, w1, w2, w3));
}

fn multiply(row: u32, column4: u32, local: vec2<u32>) {
  var totals = Totals();
  let folds = run_time((length_k() / 16u + FOLD - 1u) / FOLD);
  for (var left = folds; left > 0u; left--) {
    let g = folds - left;
    var tile = Tile();
    let end = run_time(min(length_k() / 16u, (g + 1u) * FOLD));
    for (var words = end - g * FOLD; words > 0u; words--) { let k = end - words; tile = step(tile, row, column4 * 4u, k); }
    totals = fold(totals, tile, row * (length_k() / 64u) + g);
  }
  finish(row, column4, local, totals);
}

@compute @workgroup_size(16, ROW_THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
  multiply((group.y * ROW_THREADS + local.y) * 4u, group.x * 16u + local.x, local.xy);
}
