// Matrix products of int8: y[rows, n] = a[rows, k] w[k, n], rows [from, to) of them, as src/kernels/gemm.ts says.
// `scratch` holds rows of a and a panel of w as int16, and the panel's sums.

import { activate } from "./activation";
import { quantizeGroup } from "./float";
import { sumRows, TILE_COLUMNS } from "./tile";
import { GROUP, GROUP_LENGTH, widen, widenColumnGroups, widenColumns, widenGroups } from "./widen";

/** Bytes of the sums of a row with a panel. */
export const SUMS: i32 = GROUP * 4;

/** Bytes of rows as int16, and of one more that a tile may read. */
export function rowsLength(rows: i32, k: i32): i32 {
  return (rows + 1) * k * 2;
}

/** The sums of rows of `length` bytes with a panel, [rows, 64] i32. */
export function sumPanel(rows16: usize, rows: i32, length: i32, panel: usize, sums: usize): void {
  for (let c = 0; c < GROUP; c += TILE_COLUMNS)
    sumRows(rows16, rows, length, panel + c * length, sums + c * 4, SUMS);
}

/** out[rows, n] = the sums as i32. */
export function gemmAccumulate(
  from: i32,
  to: i32,
  n: i32,
  k: i32,
  a: usize,
  w: usize,
  out: usize,
  scratch: usize,
): void {
  const rows = to - from;
  const sums = scratch + rowsLength(rows, k);
  const panel = sums + (rows + 1) * SUMS;
  widen(a + from * k, scratch, rows * k);
  for (let column = 0; column < n; column += GROUP) {
    widenColumns(w, n, k, column, panel);
    sumPanel(scratch, rows, k * 2, panel, sums);
    for (let row = 0; row < rows; row++)
      memory.copy(out + ((from + row) * n + column) * 4, sums + row * SUMS, SUMS);
  }
}

/** out = activation(a w + bias) in int8 with a scale per row and 64 columns; aScale [rows, 3], as LayerNorm makes it. */
export function gemmQuantize(
  from: i32,
  to: i32,
  n: i32,
  k: i32,
  activation: i32,
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
      const scale = aScale + row * 12;
      const excess = load<f32>(scale, 4);
      if (excess !== 0) addOutlier(y, <i32>excess, panel + <i32>load<f32>(scale, 8) * 2, k);
      const peak = finish(y, load<f32>(scale), wScale + column * 4, bias + column * 4, activation);
      quantizeGroup(y, peak, out + row * n + column, outScale + (row * (n / GROUP) + column / GROUP) * 4);
    }
  }
}

/** What the outlier of a row has beyond its int8, times its weights. */
function addOutlier(sums: usize, excess: i32, weights: usize, k: i32): void {
  for (let c = 0; c < GROUP; c++) {
    const at = sums + c * 4;
    store<i32>(at, load<i32>(at) + excess * load<i16>(weights + c * k * 2));
  }
}

/** The sums of one row and panel to activation(y), in place; the greatest magnitude. */
function finish(sums: usize, scale: f32, wScale: usize, bias: usize, activation: i32): f32 {
  const aScale = f32x4.splat(scale);
  for (let c = 0; c < SUMS; c += 16) {
    const scales = f32x4.mul(aScale, v128.load(wScale + c));
    const y = f32x4.mul(f32x4.convert_i32x4_s(v128.load(sums + c)), scales);
    v128.store(sums + c, f32x4.add(y, v128.load(bias + c)));
  }
  return activate(activation, sums, GROUP);
}

/** out = a w + bias + addend; aScale [rows, k / 64]. */
export function gemmAdd(
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
    memory.fill(totals, 0, rows * SUMS);
    for (let g = 0; g < groups; g++) {
      const weights = panel + g * GROUP * GROUP_LENGTH;
      sumPanel(scratch + g * rows * GROUP_LENGTH, rows, GROUP_LENGTH, weights, sums);
      for (let row = 0; row < rows; row++) {
        const scale = load<f32>(aScale + ((from + row) * groups + g) * 4);
        addScaled(sums + row * SUMS, scale, totals + row * SUMS);
      }
    }
    for (let row = from; row < to; row++) {
      const before = (row / rowsPerImage) * addendRows + (row % rowsPerImage);
      addRow(
        totals + (row - from) * SUMS,
        wScale + column * 4,
        bias + column * 4,
        addend + (before * n + column) * 4,
        out + (row * n + column) * 4,
      );
    }
  }
}

/** totals += sums scale, 64 of each. */
function addScaled(sums: usize, scale: f32, totals: usize): void {
  const factor = f32x4.splat(scale);
  for (let c = 0; c < SUMS; c += 16) {
    const y = f32x4.mul(f32x4.convert_i32x4_s(v128.load(sums + c)), factor);
    v128.store(totals + c, f32x4.add(v128.load(totals + c), y));
  }
}

/** 64 columns of a row: out = sums wScale + bias + addend. */
function addRow(sums: usize, wScale: usize, bias: usize, addend: usize, out: usize): void {
  for (let c = 0; c < SUMS; c += 16) {
    const y = f32x4.add(f32x4.mul(v128.load(sums + c), v128.load(wScale + c)), v128.load(bias + c));
    v128.store(out + c, f32x4.add(y, v128.load(addend + c)));
  }
}
