// A thread's sums, four columns of each row, and how they are folded into totals.
import package::lib::gemm::{Total, Totals, length_k, a_scale};
import package::lib::sixteen::{Sixteen, Sum, dot16};

@if(short) struct Tile { r0: vec4<Sum>, r1: vec4<Sum> }
@if(!short) struct Tile { r0: vec4<Sum>, r1: vec4<Sum>, r2: vec4<Sum>, r3: vec4<Sum> }

fn dot_columns(a: Sixteen, w0: Sixteen, w1: Sixteen, w2: Sixteen, w3: Sixteen) -> vec4<Sum> {
  return vec4<Sum>(dot16(a, w0), dot16(a, w1), dot16(a, w2), dot16(a, w3));
}

// With `groups`, `at` is the place of the row's scale of this group in `a_scale`.
@if(groups) fn fold_row(total: Total, sums: vec4<Sum>, at: u32) -> Total {
  return total + vec4<f32>(sums) * a_scale[at];
}
@if(!groups) fn fold_row(total: Total, sums: vec4<Sum>, at: u32) -> Total {
  return total + vec4<i32>(sums);
}

@if(short) fn fold(totals: Totals, tile: Tile, at: u32) -> Totals {
  return Totals(fold_row(totals.r0, tile.r0, at), fold_row(totals.r1, tile.r1, at + length_k() / 64u));
}
@if(!short && !split) fn fold(totals: Totals, tile: Tile, at: u32) -> Totals {
  let row = length_k() / 64u;
  return Totals(
    fold_row(totals.r0, tile.r0, at), fold_row(totals.r1, tile.r1, at + row),
    fold_row(totals.r2, tile.r2, at + 2u * row), fold_row(totals.r3, tile.r3, at + 3u * row));
}
