// int8 GEMM with both operands staged through workgroup memory, 64 of K per barrier pair: the shape for GPUs.
// A thread makes four by four outputs. With `tall` eight by four, in two tiles one below the other, so that a loaded weight serves twice as
// many rows; with `short` two by four, so that a small product has twice as many threads.
import package::lib::gemm::{length_k, length_n, ROW_THREADS, TILE_ROWS, Totals, a, w, finish, run_time};
import package::lib::four::{Four, four, plus_products};
import package::lib::fold::{Tile, fold};

@if(half) enable f16;

override COLUMN_THREADS: u32 = 16u;
@if(tall) const TILES: u32 = 2u;
@if(!tall) const TILES: u32 = 1u;
@if(short) alias Rows = vec2<u32>;
@if(!short) alias Rows = vec4<u32>;
const SLAB: u32 = 16u;                     // words along K per barrier pair: 64 values, a scale group
// A vector is one word (four values of K) of neighboring rows or columns: all that a thread needs at a time, so that its operands take few
// registers. [word][rows or columns of a thread]
var<workgroup> a_slab: array<Rows, SLAB * TILES * ROW_THREADS>;
var<workgroup> w_slab: array<vec4<u32>, SLAB * COLUMN_THREADS>;

override THREADS: u32 = COLUMN_THREADS * ROW_THREADS;    // a multiple of rows and of columns
override ROWS_OF_TILE: u32 = TILE_ROWS * TILES * ROW_THREADS;
override COLUMNS_OF_TILE: u32 = 4u * COLUMN_THREADS;

// Sixteen values of one row or column at a time, neighbors by neighbors. `a_at` and `w_at` are the first ones of this thread.
fn load_slab(a_at: u32, w_at: u32, slab: u32, thread: u32) {
  let row = thread % ROWS_OF_TILE;
  // With few rows some threads have none to load.
  if (THREADS <= 4u * ROWS_OF_TILE || thread < 4u * ROWS_OF_TILE) {
    for (var i = 0u; i < max(1u, 4u * ROWS_OF_TILE / THREADS); i++) {
      let words = a[a_at + slab * 4u + i * (THREADS / ROWS_OF_TILE)];
      let k = 4u * (thread / ROWS_OF_TILE + i * (THREADS / ROWS_OF_TILE));
      for (var word = 0u; word < 4u; word++) { a_slab[(k + word) * (ROWS_OF_TILE / TILE_ROWS) + row / TILE_ROWS][row % TILE_ROWS] = words[word]; }
    }
  }
  let column = thread % COLUMNS_OF_TILE;
  for (var i = 0u; i < 4u * COLUMNS_OF_TILE / THREADS; i++) {
    let words = w[w_at + (slab * 4u + i * (THREADS / COLUMNS_OF_TILE)) * length_n()];
    let k = 4u * (thread / COLUMNS_OF_TILE + i * (THREADS / COLUMNS_OF_TILE));
    for (var word = 0u; word < 4u; word++) { w_slab[(k + word) * COLUMN_THREADS + column / 4u][column % 4u] = words[word]; }
  }
}

// One word of K.
@if(short) fn step(tile: Tile, rows: Rows, columns: Four) -> Tile {
  return Tile(plus_products(tile.r0, rows.x, columns), plus_products(tile.r1, rows.y, columns));
}
@if(!short) fn step(tile: Tile, rows: Rows, columns: Four) -> Tile {
  return Tile(
    plus_products(tile.r0, rows.x, columns), plus_products(tile.r1, rows.y, columns),
    plus_products(tile.r2, rows.z, columns), plus_products(tile.r3, rows.w, columns));
}

@compute @workgroup_size(COLUMN_THREADS, ROW_THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let first_row = group.y * ROWS_OF_TILE;
  let row = first_row + local.y * TILE_ROWS;
  let a_at = (first_row + thread % ROWS_OF_TILE) * (length_k() / 16u) + thread / ROWS_OF_TILE;
  let w_at = thread / COLUMNS_OF_TILE * length_n() + group.x * COLUMNS_OF_TILE + thread % COLUMNS_OF_TILE;
  var totals = Totals();
  @if(tall) var low_totals = Totals();
  // i32 sums of whole rows are folded only at the end; other sums start again with each slab.
  @if(!groups && dot4) var tile = Tile();
  @if(!groups && dot4 && tall) var low_tile = Tile();
  // Compilers unroll a loop of few slabs whole, and then keep all slabs in registers.
  let all_slabs = length_k() / 64u;
  let slabs = select(all_slabs, run_time(all_slabs), all_slabs <= 4u);
  var slab = 0u;
  for (var left = slabs; left > 0u; left--) {
    load_slab(a_at, w_at, slab, thread);
    workgroupBarrier();
    @if(groups || !dot4) var tile = Tile();
    @if((groups || !dot4) && tall) var low_tile = Tile();
    for (var k = 0u; k < SLAB; k++) {
      let columns = four(w_slab[k * COLUMN_THREADS + local.x]);
      tile = step(tile, a_slab[k * TILES * ROW_THREADS + local.y], columns);
      @if(tall) { low_tile = step(low_tile, a_slab[(k * TILES + 1u) * ROW_THREADS + local.y], columns); }
    }
    workgroupBarrier();
    @if(groups || !dot4) { totals = fold(totals, tile, row, slab); }
    @if((groups || !dot4) && tall) { low_totals = fold(low_totals, low_tile, row + 4u * ROW_THREADS, slab); }
    slab++;
  }
  @if(!groups && dot4 && short) { totals = Totals(tile.r0, tile.r1); }
  @if(!groups && dot4 && !short) { totals = Totals(tile.r0, tile.r1, tile.r2, tile.r3); }
  @if(!groups && dot4 && tall) { low_totals = Totals(low_tile.r0, low_tile.r1, low_tile.r2, low_tile.r3); }
  let column4 = group.x * COLUMN_THREADS + local.x;
  finish(row, column4, local.xy, totals);
  @if(tall) { finish(row + 4u * ROW_THREADS, column4, local.xy + vec2<u32>(0u, ROW_THREADS), low_totals); }
}
