// A thread's sums, four columns of each row, and how they are folded into totals.
import package::lib::gemm::{Total, Totals, length_k, a_scale};
import package::lib::sixteen::{Sixteen, Sum, dot16};

@if(short) struct Tile { r0: vec4<Sum>, r1: vec4<Sum> }
@if(!short) struct Tile { r0: vec4<Sum>, r1: vec4<Sum>, r2: vec4<Sum>, r3: vec4<Sum> }

fn dot_columns(a: Sixteen, w0: Sixteen, w1: Sixteen, w2: Sixteen, w3: Sixteen) -> vec4<Sum> {
  return vec4<Sum>(dot16(a, w0), dot16(a, w1), dot16(a, w2), dot16(a, w3));
}

@if(groups) fn fold_row(total: Total, sums: vec4<Sum>, row: u32, group: u32) -> Total {
  return total + vec4<f32>(sums) * a_scale[row * (length_k() / 64u) + group];
}
@if(!groups) fn fold_row(total: Total, sums: vec4<Sum>, row: u32, group: u32) -> Total {
  return total + vec4<i32>(sums);
}

@if(short) fn fold(totals: Totals, tile: Tile, row: u32, group: u32) -> Totals {
  return Totals(fold_row(totals.r0, tile.r0, row, group), fold_row(totals.r1, tile.r1, row + 1u, group));
}
@if(!short) fn fold(totals: Totals, tile: Tile, row: u32, group: u32) -> Totals {
  return Totals(
    fold_row(totals.r0, tile.r0, row, group), fold_row(totals.r1, tile.r1, row + 1u, group),
    fold_row(totals.r2, tile.r2, row + 2u, group), fold_row(totals.r3, tile.r3, row + 3u, group));
}
