// Matrix products of f32, rows [from, to): y = a w + bias, w [k, n], as in src/kernels/gemm-float.ts.

import { activate } from "./activation";

/** Columns that go together: two rows of them are eight sums. */
const COLUMNS: i32 = 16;
const LENGTH: i32 = COLUMNS * 4;

/** Sixteen columns of w to `panel`, one k behind the other. */
function pack(w: usize, n: i32, k: i32, panel: usize): void {
  for (let i = 0; i < k; i++) memory.copy(panel + i * LENGTH, w + i * n * 4, LENGTH);
}

/** Sixteen sums and biases of two rows, `a` and `b`. */
function sumPair(a: usize, b: usize, panel: usize, k: i32, bias: usize, first: usize, second: usize): void {
  let a0 = v128.load(bias);
  let a1 = v128.load(bias, 16);
  let a2 = v128.load(bias, 32);
  let a3 = v128.load(bias, 48);
  let b0 = a0;
  let b1 = a1;
  let b2 = a2;
  let b3 = a3;
  for (const end = panel + k * LENGTH; panel < end; panel += LENGTH, a += 4, b += 4) {
    const x = v128.load32_splat(a);
    const y = v128.load32_splat(b);
    let z = v128.load(panel);
    a0 = f32x4.add(a0, f32x4.mul(x, z));
    b0 = f32x4.add(b0, f32x4.mul(y, z));
    z = v128.load(panel, 16);
    a1 = f32x4.add(a1, f32x4.mul(x, z));
    b1 = f32x4.add(b1, f32x4.mul(y, z));
    z = v128.load(panel, 32);
    a2 = f32x4.add(a2, f32x4.mul(x, z));
    b2 = f32x4.add(b2, f32x4.mul(y, z));
    z = v128.load(panel, 48);
    a3 = f32x4.add(a3, f32x4.mul(x, z));
    b3 = f32x4.add(b3, f32x4.mul(y, z));
  }
  v128.store(first, a0);
  v128.store(first, a1, 16);
  v128.store(first, a2, 32);
  v128.store(first, a3, 48);
  v128.store(second, b0);
  v128.store(second, b1, 16);
  v128.store(second, b2, 32);
  v128.store(second, b3, 48);
}

/** out = activation(a w + bias). `scratch`: sixteen columns of w. */
export function gemmFloatActivate(
  from: i32,
  to: i32,
  n: i32,
  k: i32,
  activation: i32,
  a: usize,
  w: usize,
  bias: usize,
  out: usize,
  scratch: usize,
): void {
  for (let column = 0; column < n; column += COLUMNS) {
    pack(w + column * 4, n, k, scratch);
    for (let row = from; row < to; row += 2) {
      // With an odd number, the last row is computed twice.
      const next = min(row + 1, to - 1);
      const first = out + (row * n + column) * 4;
      const second = out + (next * n + column) * 4;
      sumPair(a + row * k * 4, a + next * k * 4, scratch, k, bias + column * 4, first, second);
      activate(activation, first, COLUMNS);
      if (next > row) activate(activation, second, COLUMNS);
    }
  }
}

/** out = a w + bias + addend. `scratch`: sixteen columns of w. */
export function gemmFloatAdd(
  from: i32,
  to: i32,
  n: i32,
  k: i32,
  rowsPerImage: i32,
  addendRows: i32,
  a: usize,
  w: usize,
  bias: usize,
  addend: usize,
  out: usize,
  scratch: usize,
): void {
  gemmFloatActivate(from, to, n, k, 0, a, w, bias, out, scratch);
  for (let row = from; row < to; row++) {
    const before = addend + ((row / rowsPerImage) * addendRows + (row % rowsPerImage)) * n * 4;
    const at = out + row * n * 4;
    for (let c = 0; c < n * 4; c += 16)
      v128.store(at + c, f32x4.add(v128.load(at + c), v128.load(before + c)));
  }
}
