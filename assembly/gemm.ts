// Matrix products of int8: y[rows, n] = a[rows, k] w[k, n], the units [from, to) of part.ts, as in src/kernels/gemm.ts. `scratch` contains
// a block of rows as int16, one more row that a tile may read, sums and totals of those rows with a panel, and sixteen columns.

import { activate } from "./activation";
import { greatest, quantizeGroup } from "./float";
import { SUMS, sumPanel } from "./panel";
import { column, end, nextPart, row, startParts, wideRow } from "./part";
import { GROUP, GROUP_LENGTH } from "./widen";

/** Where sums are in the scratch memory. */
export function sumsIn(scratch: usize, blockRows: i32, k: i32): usize {
  return scratch + (blockRows + 1) * k * 2;
}

/** The address after the sums. */
export function behind(sums: usize, blockRows: i32): usize {
  return sums + (blockRows + 1) * SUMS;
}

/** Sums of the part's rows, all k, as i32. */
export function sumRows(k: i32, w: usize, n: i32, sums: usize, a16: usize, scratch: usize): void {
  sumPanel<i32>(wideRow(a16, row, k), k * 2, end - row, k, w + column * 16, n, 0, 0, sums, scratch);
}

/** The same as f32, times the scales of a; aScale [rows, k / 64]. */
function sumGroups(k: i32, w: usize, n: i32, aScale: usize, totals: usize, a16: usize, scratch: usize): void {
  const groups = k / GROUP;
  memory.fill(totals, 0, (end - row) * SUMS);
  for (let g = 0; g < groups; g++)
    sumPanel<f32>(
      wideRow(a16, row, k) + g * GROUP_LENGTH,
      k * 2,
      end - row,
      GROUP,
      w + (g * (GROUP / 16) * n + column) * 16,
      n,
      aScale + (row * groups + g) * 4,
      groups * 4,
      totals,
      scratch,
    );
}

/** out[rows, n] = the sums as i32. */
export function gemmAccumulate(
  from: i32,
  to: i32,
  rows: i32,
  blockRows: i32,
  n: i32,
  k: i32,
  a: usize,
  w: usize,
  out: usize,
  scratch: usize,
): void {
  const sums = sumsIn(scratch, blockRows, k);
  startParts(from, to, rows, blockRows, n);
  while (nextPart(a, k, scratch)) {
    sumRows(k, w, n, sums, scratch, behind(sums, blockRows));
    for (let r = row; r < end; r++) memory.copy(out + (r * n + column) * 4, sums + (r - row) * SUMS, SUMS);
  }
}

/** out = activation(a w + bias) in int8 with a scale per row and 64 columns; aScale [rows, 3], as LayerNorm makes it. */
export function gemmQuantize(
  from: i32,
  to: i32,
  rows: i32,
  blockRows: i32,
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
  const sums = sumsIn(scratch, blockRows, k);
  startParts(from, to, rows, blockRows, n);
  while (nextPart(a, k, scratch)) {
    sumRows(k, w, n, sums, scratch, behind(sums, blockRows));
    for (let r = row; r < end; r++) {
      const y = sums + (r - row) * SUMS;
      const scale = withOutlier(y, aScale + r * 12, w, n);
      const peak = finish<i32>(y, scale, wScale + column * 4, bias + column * 4, activation);
      quantizeGroup(y, peak, out + r * n + column, outScale + (r * (n / GROUP) + column / GROUP) * 4);
    }
  }
}

/** out = activation(a w + bias); aScale [rows, k / 64] where `grouped`, else [rows, 3]. */
export function gemmStore(
  from: i32,
  to: i32,
  rows: i32,
  blockRows: i32,
  n: i32,
  k: i32,
  activation: i32,
  grouped: i32,
  a: usize,
  w: usize,
  aScale: usize,
  wScale: usize,
  bias: usize,
  out: usize,
  scratch: usize,
): void {
  const sums = sumsIn(scratch, blockRows, k);
  startParts(from, to, rows, blockRows, n);
  while (nextPart(a, k, scratch)) {
    if (grouped) sumGroups(k, w, n, aScale, sums, scratch, behind(sums, blockRows));
    else sumRows(k, w, n, sums, scratch, behind(sums, blockRows));
    for (let r = row; r < end; r++) {
      const y = sums + (r - row) * SUMS;
      if (grouped) finish<f32>(y, 1, wScale + column * 4, bias + column * 4, activation);
      else {
        const scale = withOutlier(y, aScale + r * 12, w, n);
        finish<i32>(y, scale, wScale + column * 4, bias + column * 4, activation);
      }
      memory.copy(out + (r * n + column) * 4, y, SUMS);
    }
  }
}

/** Adds to a row's sums what its outlier has beyond its int8, times the weights of its channel; the row's scale. */
function withOutlier(sums: usize, aScale: usize, w: usize, n: i32): f32 {
  const excess = <i32>load<f32>(aScale, 4);
  const channel = <i32>load<f32>(aScale, 8);
  const weights = w + ((channel / 16) * n + column) * 16 + (channel % 16);
  if (excess !== 0)
    for (let c = 0; c < GROUP; c++) {
      const at = sums + c * 4;
      store<i32>(at, load<i32>(at) + excess * load<i8>(weights + c * 16));
    }
  return load<f32>(aScale);
}

/** The sums of one row and panel, i32, or f32 with their scales, to activation(y), in place; the greatest magnitude. */
function finish<T>(sums: usize, scale: f32, wScale: usize, bias: usize, activation: i32): f32 {
  const aScale = f32x4.splat(scale);
  let low = f32x4.splat(0);
  let high = low;
  for (let c = 0; c < SUMS; c += 16) {
    const sum = v128.load(sums + c);
    const scales = f32x4.mul(aScale, v128.load(wScale + c));
    const product = f32x4.mul(isFloat<T>() ? sum : f32x4.convert_i32x4_s(sum), scales);
    const y = f32x4.add(product, v128.load(bias + c));
    v128.store(sums + c, y);
    low = f32x4.pmin(low, y);
    high = f32x4.pmax(high, y);
  }
  return activation === 0 ? greatest(f32x4.pmax(high, f32x4.neg(low))) : activate(activation, sums, GROUP);
}

/** out = a w + bias + addend; aScale [rows, k / 64]. */
export function gemmAdd(
  from: i32,
  to: i32,
  rows: i32,
  blockRows: i32,
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
  const totals = sumsIn(scratch, blockRows, k);
  startParts(from, to, rows, blockRows, n);
  while (nextPart(a, k, scratch)) {
    sumGroups(k, w, n, aScale, totals, scratch, behind(totals, blockRows));
    for (let r = row; r < end; r++) {
      const before = (r / rowsPerImage) * addendRows + (r % rowsPerImage);
      addRow(
        totals + (r - row) * SUMS,
        wScale + column * 4,
        bias + column * 4,
        addend + (before * n + column) * 4,
        out + (r * n + column) * 4,
      );
    }
  }
}

/** 64 columns of a row: out = sums wScale + bias + addend. */
function addRow(sums: usize, wScale: usize, bias: usize, addend: usize, out: usize): void {
  for (let c = 0; c < SUMS; c += 16) {
    const y = f32x4.add(f32x4.mul(v128.load(sums + c), v128.load(wScale + c)), v128.load(bias + c));
    v128.store(out + c, f32x4.add(y, v128.load(addend + c)));
  }
}
