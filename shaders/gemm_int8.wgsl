// int8 GEMM, readable: four columns of one row per thread at a time, directly from storage. It stays as the reference for reading the fast
// kernels.
import package::lib::gemm::{length_k, length_n, FOLD, ROW_THREADS, run_time, Total, Totals, a, w, finish};
import package::lib::sixteen::{Sixteen, Sum, sixteen, dot16};
import package::lib::fold::fold_row;

fn sum_row(row: u32, column: u32) -> Total {
  var total = Total();
  let folds = run_time((length_k() / 16u + FOLD - 1u) / FOLD);
  for (var left = folds; left > 0u; left--) {
    let group = folds - left;
    var sums = vec4<Sum>();
    let end = run_time(min(length_k() / 16u, (group + 1u) * FOLD));
    for (var words = end - group * FOLD; words > 0u; words--) {
      let k = end - words;
      let values = sixteen(a[row * (length_k() / 16u) + k]);
      for (var c = 0u; c < 4u; c++) { sums[c] += dot16(values, sixteen(w[k * length_n() + column + c])); }
    }
    total = fold_row(total, sums, row * (length_k() / 64u) + group);
  }
  return total;
}

@compute @workgroup_size(16, ROW_THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
  let column4 = group.x * 16u + local.x;
  let row = (group.y * ROW_THREADS + local.y) * 4u;
  let column = column4 * 4u;
  let totals = Totals(
    sum_row(row, column), sum_row(row + 1u, column), sum_row(row + 2u, column), sum_row(row + 3u, column));
  finish(row, column4, local.xy, totals);
}
