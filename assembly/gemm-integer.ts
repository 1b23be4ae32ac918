// The products of gemm.ts with what follows them in integers too: shaders/gemm_integer.wgsl to the last bit. Scales, biases
// and addends are the bits of f32; a has one scale a row, or with `add` one for 64 of k.

import { dyadic, FRACTION, fixed, magnitude, peakOfFixed, quantizeFixed, scaled, times } from "./dyadic";
import { behind, sumRows, sumsIn } from "./gemm";
import { geluOf } from "./nonlinear";
import { SUMS, sumPanel } from "./panel";
import { column, end, nextPart, row, startParts, wideRow } from "./part";
import { GROUP, GROUP_LENGTH } from "./widen";

/** out = y, or GELU(y) of a form, in int8 with a scale per row and 64 columns. */
export function gemmIntegerQuantize(
  from: i32,
  to: i32,
  rows: i32,
  blockRows: i32,
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
  const sums = sumsIn(scratch, blockRows, k);
  startParts(from, to, rows, blockRows, n);
  while (nextPart(a, k, scratch)) {
    sumRows(k, w, n, sums, scratch, behind(sums, blockRows));
    for (let r = row; r < end; r++) {
      const y = sums + (r - row) * SUMS;
      const scale = load<u32>(aScale + r * 4);
      for (let c = 0; c < SUMS; c += 4) {
        const factor = times(scale, load<u32>(wScale + column * 4 + c));
        const x =
          scaled(load<i32>(y + c), factor, FRACTION) + fixed(load<u32>(bias + column * 4 + c), FRACTION);
        store<i32>(y + c, activation !== 0 ? geluOf(form, x) : x);
      }
      quantizeFixed(y, GROUP, out + r * n + column, outScale + (r * (n / GROUP) + column / GROUP) * 4);
    }
  }
}

/** out = y + addend, kept as int16 with a power of two for each row and 64 columns, as f32. */
export function gemmIntegerAdd(
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
  const groups = k / GROUP;
  const sums = sumsIn(scratch, blockRows, k);
  const totals = behind(sums, blockRows);
  const sixteen = totals + blockRows * SUMS;
  startParts(from, to, rows, blockRows, n);
  while (nextPart(a, k, scratch)) {
    for (let r = row; r < end; r++) {
      const before = (r / rowsPerImage) * addendRows + (r % rowsPerImage);
      for (let c = 0; c < SUMS; c += 4) {
        const added = fixed(load<u32>(addend + (before * n + column) * 4 + c), FRACTION);
        store<i32>(totals + (r - row) * SUMS + c, fixed(load<u32>(bias + column * 4 + c), FRACTION) + added);
      }
    }
    for (let g = 0; g < groups; g++) {
      const weights = w + (g * (GROUP / 16) * n + column) * 16;
      const a16 = wideRow(scratch, row, k) + g * GROUP_LENGTH;
      sumPanel<i32>(a16, k * 2, end - row, GROUP, weights, n, 0, 0, sums, sixteen);
      for (let r = row; r < end; r++) {
        const at = (r - row) * SUMS;
        addScaled(sums + at, load<u32>(aScale + (r * groups + g) * 4), wScale + column * 4, totals + at);
      }
    }
    for (let r = row; r < end; r++) storeInt16(totals + (r - row) * SUMS, out + (r * n + column) * 4);
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
