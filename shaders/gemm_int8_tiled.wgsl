// int8 GEMM with both operands staged through workgroup memory, 64 of K per barrier pair: the shape for GPUs.
// A thread makes four by four outputs. With `tall` eight by four, in two tiles one below the other, so that a loaded weight serves twice as
// many rows; with `short` two by four, so that a small product has twice as many threads. With `split` too, at four by four: two threads share
// sixteen outputs, multiply every other slab of K each, and then each adds up both threads' sums of two rows, in the order of K.
import package::lib::gemm::{length_k, length_n, ROW_THREADS, TILE_ROWS, Totals, a, w, finish, run_time};
import package::lib::sixteen::Sum;
import package::lib::four::{Four, four, plus_products};
import package::lib::fold::{Tile, fold, fold_row};

@if(half) enable f16;

override COLUMN_THREADS: u32 = 16u;
@if(tall) const TILES: u32 = 2u;
@if(!tall) const TILES: u32 = 1u;
@if(split) const PARTS: u32 = 2u;
@if(!split) const PARTS: u32 = 1u;
@if(short) alias Rows = vec2<u32>;
@if(!short) alias Rows = vec4<u32>;
@if(short) const ROWS_OF_THREAD: u32 = 2u;
@if(!short) const ROWS_OF_THREAD: u32 = 4u;
const SLAB: u32 = 16u;                     // words along K per barrier pair: 64 values, a scale group
// A vector is one word (four values of K) of neighboring rows or columns: all that a thread needs at a time, so that its operands take few
// registers. [part][word][rows or columns of a thread]
var<workgroup> a_slab: array<Rows, PARTS * SLAB * TILES * ROW_THREADS>;
var<workgroup> w_slab: array<vec4<u32>, PARTS * SLAB * COLUMN_THREADS>;
@if(split) var<workgroup> sums: array<vec4<Sum>, PARTS * ROWS_OF_THREAD * COLUMN_THREADS * ROW_THREADS>;  // [part][row][thread]

override THREADS: u32 = COLUMN_THREADS * ROW_THREADS;    // of a part: a multiple of rows and of columns
override ROWS_OF_TILE: u32 = ROWS_OF_THREAD * TILES * ROW_THREADS;
override COLUMNS_OF_TILE: u32 = 4u * COLUMN_THREADS;

// What a thread loads of each slab: sixteen values of one row or column at a time, neighbors by neighbors, so many slices apart.
override A_LOADS: u32 = max(1u, 4u * ROWS_OF_TILE / THREADS);
override W_LOADS: u32 = 4u * COLUMNS_OF_TILE / THREADS;
override A_STRIDE: u32 = THREADS / ROWS_OF_TILE;
override W_STRIDE: u32 = THREADS / COLUMNS_OF_TILE;
// The greatest place of its first word in a slab.
override A_LAST: u32 = (SLAB - 4u * (A_LOADS - 1u) * A_STRIDE - 3u) * TILES * ROW_THREADS - 1u;
override W_LAST: u32 = (SLAB - 4u * (W_LOADS - 1u) * W_STRIDE - 3u) * COLUMN_THREADS - 1u;

// One word of K.
@if(short) fn step(tile: Tile, rows: Rows, columns: Four) -> Tile {
  return Tile(plus_products(tile.r0, rows.x, columns), plus_products(tile.r1, rows.y, columns));
}
@if(!short) fn step(tile: Tile, rows: Rows, columns: Four) -> Tile {
  return Tile(
    plus_products(tile.r0, rows.x, columns), plus_products(tile.r1, rows.y, columns),
    plus_products(tile.r2, rows.z, columns), plus_products(tile.r3, rows.w, columns));
}

@compute @workgroup_size(COLUMN_THREADS, ROW_THREADS, PARTS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>,
        @builtin(local_invocation_index) index: u32) {
  let part = local.z;
  let thread = index - part * THREADS;
  let first_row = group.y * ROWS_OF_TILE;
  let row = first_row + local.y * ROWS_OF_THREAD + part * TILE_ROWS;
  let a_slice = thread / ROWS_OF_TILE;
  let w_slice = thread / COLUMNS_OF_TILE;
  var a_from = (first_row + thread % ROWS_OF_TILE) * (length_k() / 16u) + 4u * part + a_slice;
  var w_from = (4u * part + w_slice) * length_n() + group.x * COLUMNS_OF_TILE + thread % COLUMNS_OF_TILE;
  // Before the loop and in this function, so that the compiler of WGSL sees every index in bounds, and that no turn computes them again.
  let a_to = min(a_slice * 4u * TILES * ROW_THREADS + thread % ROWS_OF_TILE / ROWS_OF_THREAD, A_LAST) + part * SLAB * TILES * ROW_THREADS;
  let w_to = min(w_slice * 4u * COLUMN_THREADS + thread % COLUMNS_OF_TILE / 4u, W_LAST) + part * SLAB * COLUMN_THREADS;
  let a_lane = thread % ROWS_OF_THREAD;
  let w_lane = thread % 4u;
  @if(split) let sums_to = part * ROWS_OF_THREAD * THREADS + min(thread, THREADS - 1u);
  @if(split) let sums_from = part * TILE_ROWS * THREADS + min(thread, THREADS - 1u);
  var totals = Totals();
  @if(tall) var low_totals = Totals();
  // i32 sums of whole rows are folded only at the end; other sums start again with each slab.
  @if(!groups && dot4 && !split) var tile = Tile();
  @if(!groups && dot4 && tall) var low_tile = Tile();
  // Compilers unroll a loop of few slabs whole, and then keep all slabs in registers.
  let all_slabs = length_k() / 64u;
  let own_slabs = (all_slabs + PARTS - 1u) / PARTS;
  let slabs = select(own_slabs, run_time(own_slabs), all_slabs <= 4u);
  var scale_at = row * all_slabs;
  for (var left = slabs; left > 0u; left--) {
    // With few rows some threads have none to load.
    if (THREADS <= 4u * ROWS_OF_TILE || thread < 4u * ROWS_OF_TILE) {
      for (var i = 0u; i < A_LOADS; i++) {
        let words = a[a_from + i * A_STRIDE];
        for (var word = 0u; word < 4u; word++) { a_slab[a_to + (4u * i * A_STRIDE + word) * TILES * ROW_THREADS][a_lane] = words[word]; }
      }
    }
    for (var i = 0u; i < W_LOADS; i++) {
      let words = w[w_from + i * W_STRIDE * length_n()];
      for (var word = 0u; word < 4u; word++) { w_slab[w_to + (4u * i * W_STRIDE + word) * COLUMN_THREADS][w_lane] = words[word]; }
    }
    workgroupBarrier();
    @if(groups || !dot4 || split) var tile = Tile();
    @if((groups || !dot4) && tall) var low_tile = Tile();
    for (var k = 0u; k < SLAB; k++) {
      let columns = four(w_slab[(part * SLAB + k) * COLUMN_THREADS + local.x]);
      tile = step(tile, a_slab[(part * SLAB + k) * TILES * ROW_THREADS + local.y], columns);
      @if(tall) { low_tile = step(low_tile, a_slab[((part * SLAB + k) * TILES + 1u) * ROW_THREADS + local.y], columns); }
    }
    @if(split) {
      sums[sums_to] = tile.r0;
      sums[sums_to + THREADS] = tile.r1;
      sums[sums_to + 2u * THREADS] = tile.r2;
      sums[sums_to + 3u * THREADS] = tile.r3;
    }
    workgroupBarrier();
    @if(split) {
      totals = Totals(
        fold_row(totals.r0, sums[sums_from], scale_at), fold_row(totals.r1, sums[sums_from + THREADS], scale_at + all_slabs));
      // An odd number of slabs leaves the last one alone.
      if (left > 1u || all_slabs % 2u == 0u) {
        totals = Totals(
          fold_row(totals.r0, sums[sums_from + 4u * THREADS], scale_at + 1u),
          fold_row(totals.r1, sums[sums_from + 5u * THREADS], scale_at + 1u + all_slabs));
      }
    }
    @if((groups || !dot4) && !split) { totals = fold(totals, tile, scale_at); }
    @if((groups || !dot4) && tall) { low_totals = fold(low_totals, low_tile, scale_at + 4u * ROW_THREADS * all_slabs); }
    a_from += 4u * PARTS;
    w_from += 4u * PARTS * length_n();
    scale_at += PARTS;
  }
  @if(!groups && dot4 && short) { totals = Totals(tile.r0, tile.r1); }
  @if(!groups && dot4 && !split && !short) { totals = Totals(tile.r0, tile.r1, tile.r2, tile.r3); }
  @if(!groups && dot4 && tall) { low_totals = Totals(low_tile.r0, low_tile.r1, low_tile.r2, low_tile.r3); }
  let column4 = group.x * COLUMN_THREADS + local.x;
  finish(row, column4, local.xy, totals);
  @if(tall) { finish(row + 4u * ROW_THREADS, column4, local.xy + vec2<u32>(0u, ROW_THREADS), low_totals); }
}
