// The products of gemm.ts with what follows them in integers too: shaders/gemm_integer.wgsl to the last bit. Scales, biases
// and addends are the bits of f32; a has one scale a row, or with `add` one for 64 of k.

import { dyadic, FRACTION, fixed, magnitude, peakOfFixed, quantizeFixed, scaled, times } from "./dyadic";
import { rowsLength, SUMS, sumPanel } from "./gemm";
import { geluOf } from "./nonlinear";
import { GROUP, GROUP_LENGTH, widen, widenColumnGroups, widenColumns, widenGroups } from "./widen";

/** out = y, or GELU(y) of a form, in int8 with a scale per row and 64 columns. */
export function gemmIntegerQuantize(
  from: i32,
  to: i32,
  n: i32,
  k: i32,
  activation: i32,
  form: i32,
  a: usize,
  w: usize,
  aScale: usize,
  wScale: usize,
  bias: usize,
  out: usize,
  outScale: usize,
  scratch: usize,
): void {
  const rows = to - from;
  const sums = scratch + rowsLength(rows, k);
  const panel = sums + (rows + 1) * SUMS;
  widen(a + from * k, scratch, rows * k);
  for (let column = 0; column < n; column += GROUP) {
    widenColumns(w, n, k, column, panel);
    sumPanel(scratch, rows, k * 2, panel, sums);
    for (let row = from; row < to; row++) {
      const y = sums + (row - from) * SUMS;
      const scale = load<u32>(aScale + row * 4);
      for (let c = 0; c < SUMS; c += 4) {
        const factor = times(scale, load<u32>(wScale + column * 4 + c));
        const x =
          scaled(load<i32>(y + c), factor, FRACTION) + fixed(load<u32>(bias + column * 4 + c), FRACTION);
        store<i32>(y + c, activation !== 0 ? geluOf(form, x) : x);
      }
      quantizeFixed(y, GROUP, out + row * n + column, outScale + (row * (n / GROUP) + column / GROUP) * 4);
    }
  }
}

/** out = y + addend, kept as int16 with a power of two for each row and 64 columns, as f32. */
export function gemmIntegerAdd(
  from: i32,
  to: i32,
  n: i32,
  k: i32,
  rowsPerImage: i32,
  addendRows: i32,
  a: usize,
  w: usize,
  aScale: usize,
  wScale: usize,
  bias: usize,
  addend: usize,
  out: usize,
  scratch: usize,
): void {
  const rows = to - from;
  const groups = k / GROUP;
  const sums = scratch + rowsLength(rows, k);
  const totals = sums + (rows + 1) * SUMS;
  const panel = totals + rows * SUMS;
  widenGroups(a + from * k, k, rows, groups, rows, scratch);
  for (let column = 0; column < n; column += GROUP) {
    widenColumnGroups(w, n, k, column, panel);
    for (let row = from; row < to; row++) {
      const before = (row / rowsPerImage) * addendRows + (row % rowsPerImage);
      for (let c = 0; c < SUMS; c += 4) {
        const added = fixed(load<u32>(addend + (before * n + column) * 4 + c), FRACTION);
        store<i32>(
          totals + (row - from) * SUMS + c,
          fixed(load<u32>(bias + column * 4 + c), FRACTION) + added,
        );
      }
    }
    for (let g = 0; g < groups; g++) {
      sumPanel(scratch + g * rows * GROUP_LENGTH, rows, GROUP_LENGTH, panel + g * GROUP * GROUP_LENGTH, sums);
      for (let row = 0; row < rows; row++) {
        const scale = load<u32>(aScale + ((from + row) * groups + g) * 4);
        addScaled(sums + row * SUMS, scale, wScale + column * 4, totals + row * SUMS);
      }
    }
    for (let row = from; row < to; row++)
      storeInt16(totals + (row - from) * SUMS, out + (row * n + column) * 4);
  }
}

function addScaled(sums: usize, scale: u32, wScale: usize, totals: usize): void {
  for (let c = 0; c < SUMS; c += 4) {
    const y = scaled(load<i32>(sums + c), times(scale, load<u32>(wScale + c)), FRACTION);
    store<i32>(totals + c, load<i32>(totals + c) + y);
  }
}

/** 64 values with 15 bits below their peak. */
function storeInt16(y: usize, out: usize): void {
  const excess = 17 - min<i32>(<i32>clz<u32>(peakOfFixed(y, GROUP)), 17);
  for (let c = 0; c < SUMS; c += 4) {
    const value = load<i32>(y + c);
    const steps = min<u32>((magnitude(value) + (((<u32>1) << excess) >> 1)) >> excess, 32767);
    store<u32>(out + c, dyadic(steps, excess - FRACTION) | (<u32>value & 0x80000000));
  }
}
