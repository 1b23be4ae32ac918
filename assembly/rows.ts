// Row-wise operations in f32: rows gathered from others, activated, combined with a second operand, or quantized.

import { activate } from "./activation";
import { peakOf, quantizeGroup } from "./float";
import { GROUP } from "./widen";

/** Rows [from, to) of `columns`, each of `pieces` pieces of `width` values of those rows of x that `index` [rows, pieces] names, in f32. */
export function gatherRows(
  from: i32,
  to: i32,
  rows: i32,
  columns: i32,
  pieces: i32,
  width: i32,
  xRows: i32,
  xColumns: i32,
  x: usize,
  index: usize,
  out: usize,
): void {
  memory.fill(out + from * columns * 4, 0, (to - from) * columns * 4);
  for (let row = from; row < to; row++) {
    const first = (row / rows) * xRows;
    for (let piece = 0; piece < pieces; piece++) {
      const place = <i32>load<f32>(index + ((row % rows) * pieces + piece) * 4);
      if (place < 0) continue;
      const source = first + place;
      memory.copy(out + (row * columns + piece * width) * 4, x + source * xColumns * 4, width * 4);
    }
  }
}

const SUM: i32 = 1;
const PRODUCT: i32 = 2;

/**
 * Rows [from, to): out = activation(x), or its combination with y, as in src/kernels/combine.ts; `operation` 0: no y. `scratch`: a row and
 * four values.
 */
export function combineRows(
  from: i32,
  to: i32,
  rows: i32,
  columns: i32,
  xRows: i32,
  yRows: i32,
  activation: i32,
  operation: i32,
  x: usize,
  y: usize,
  out: usize,
  scratch: usize,
): void {
  for (let row = from; row < to; row++) {
    const image = row / rows;
    const within = row % rows;
    memory.copy(scratch, x + (image * xRows + within) * columns * 4, columns * 4);
    activate(activation, scratch, columns);
    const other = y + (image * yRows + within) * columns * 4;
    const at = out + row * columns * 4;
    for (let c = 0; c < columns * 4; c += 16) {
      const value = v128.load(scratch + c);
      if (operation === SUM) v128.store(at + c, f32x4.add(value, v128.load(other + c)));
      else if (operation === PRODUCT) v128.store(at + c, f32x4.mul(value, v128.load(other + c)));
      else v128.store(at + c, value);
    }
  }
}

/** Rows [from, to) to int8 with a scale per row and 64 columns. */
export function quantizeGroups(
  from: i32,
  to: i32,
  columns: i32,
  x: usize,
  out: usize,
  outScale: usize,
): void {
  for (let group = (from * columns) / GROUP; group < (to * columns) / GROUP; group++) {
    const y = x + group * GROUP * 4;
    quantizeGroup(y, peakOf(y, GROUP), out + group * GROUP, outScale + group * 4);
  }
}
