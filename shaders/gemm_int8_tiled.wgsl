// int8 GEMM with both operands staged through workgroup memory, 64 of K per barrier pair: the shape for GPUs.
// A workgroup makes (4 * ROW_THREADS) x (4 * COLUMN_THREADS) outputs, four by four per thread; with `tall` two such tiles, one
// below the other, eight by four per thread, so that a loaded weight serves twice as many rows.
import package::lib::gemm::{length_k, length_n, FOLD, ROW_THREADS, Totals, a, w, finish};
import package::lib::sixteen::{Sixteen, sixteen};
import package::lib::fold::{Tile, dot_columns, fold};

@if(half) enable f16;

override COLUMN_THREADS: u32 = 16u;
@if(tall) const TILES: u32 = 2u;
@if(!tall) const TILES: u32 = 1u;
const SLAB: u32 = 4u;                                       // steps of sixteen per barrier pair
// [k16][lane of a quad][quad of rows or columns]: neighbours read neighbours, which is what banks of memory like.
var<workgroup> a_slab: array<vec4<u32>, 16u * TILES * ROW_THREADS>;
var<workgroup> w_slab: array<vec4<u32>, 16u * COLUMN_THREADS>;

// Where in a slab of `quads` quads a row or column is kept that is read as the `index`th.
fn place(index: u32, quads: u32) -> u32 {
  let line = index % (4u * quads);
  return index - line + line % 4u * quads + line / 4u;
}

fn load_slab(first_row: u32, first_column: u32, k: u32, thread: u32) {
  let threads = COLUMN_THREADS * ROW_THREADS;
  let rows = 4u * TILES * ROW_THREADS;
  for (var i = 0u; i < (SLAB * rows + threads - 1u) / threads; i++) {
    let at = i * threads + thread;
    if (at < SLAB * rows) { a_slab[place(at, rows / 4u)] = a[(first_row + at % rows) * (length_k() / 16u) + k + at / rows]; }
  }
  let columns = 4u * COLUMN_THREADS;
  for (var i = 0u; i < (SLAB * columns + threads - 1u) / threads; i++) {
    let at = i * threads + thread;
    if (at < SLAB * columns) { w_slab[place(at, columns / 4u)] = w[(k + at / columns) * length_n() + first_column + at % columns]; }
  }
}

struct Columns { c0: Sixteen, c1: Sixteen, c2: Sixteen, c3: Sixteen }

fn columns_of(k: u32, quad: u32) -> Columns {
  let at = k * 4u * COLUMN_THREADS + quad;
  return Columns(
    sixteen(w_slab[at]), sixteen(w_slab[at + COLUMN_THREADS]),
    sixteen(w_slab[at + 2u * COLUMN_THREADS]), sixteen(w_slab[at + 3u * COLUMN_THREADS]));
}

fn step(tile: Tile, k: u32, quad: u32, c: Columns) -> Tile {
  let quads = TILES * ROW_THREADS;
  let at = k * 4u * quads + quad;
  return Tile(
    tile.r0 + dot_columns(sixteen(a_slab[at]), c.c0, c.c1, c.c2, c.c3),
    tile.r1 + dot_columns(sixteen(a_slab[at + quads]), c.c0, c.c1, c.c2, c.c3),
    tile.r2 + dot_columns(sixteen(a_slab[at + 2u * quads]), c.c0, c.c1, c.c2, c.c3),
    tile.r3 + dot_columns(sixteen(a_slab[at + 3u * quads]), c.c0, c.c1, c.c2, c.c3));
}

fn multiply(first_row: u32, column_tile: u32, local: vec2<u32>, thread: u32) {
  let row = first_row + local.y * 4u;
  var totals = Totals();
  var tile = Tile();
  @if(tall) var low_totals = Totals();
  @if(tall) var low_tile = Tile();
  for (var slab = 0u; slab < length_k() / 64u; slab++) {
    load_slab(first_row, column_tile * COLUMN_THREADS * 4u, slab * SLAB, thread);
    workgroupBarrier();
    for (var k = 0u; k < SLAB; k++) {
      let columns = columns_of(k, local.x);
      tile = step(tile, k, local.y, columns);
      @if(tall) { low_tile = step(low_tile, k, local.y + ROW_THREADS, columns); }
    }
    workgroupBarrier();
    if ((slab + 1u) * SLAB % FOLD == 0u || slab + 1u == length_k() / 64u) {
      let scale_group = ((slab + 1u) * SLAB - 1u) / FOLD;
      totals = fold(totals, tile, row, scale_group);
      tile = Tile();
      @if(tall) { low_totals = fold(low_totals, low_tile, row + 4u * ROW_THREADS, scale_group); }
      @if(tall) { low_tile = Tile(); }
    }
  }
  let column4 = column_tile * COLUMN_THREADS + local.x;
  finish(row, column4, local, totals);
  @if(tall) { finish(row + 4u * ROW_THREADS, column4, local + vec2<u32>(0u, ROW_THREADS), low_totals); }
}

@compute @workgroup_size(COLUMN_THREADS, ROW_THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  multiply(group.y * ROW_THREADS * 4u * TILES, group.x, local.xy, thread);
}
