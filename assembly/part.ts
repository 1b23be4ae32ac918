// Which rows and columns of a matrix product units [from, to) of it are. A unit is a row of a panel of 64 columns; units go down the
// panels of a block of rows, one panel after another, then the next block: whatever part a thread has, it widens few rows and few
// weights. The place is in globals, which each thread has for itself.

import { GROUP, widen } from "./widen";

let unit: i32 = 0;
let last: i32 = 0;
let rows: i32 = 0;
let blockRows: i32 = 0;
let panels: i32 = 0;
/** The block's first row, whose int16 are at the front of the scratch memory. */
let top: i32 = 0;

/** The part: rows [row, end) of columns [column, column + 64). */
export let row: i32 = 0;
export let end: i32 = 0;
export let column: i32 = 0;

/** Of a[rows, k] w[k, n]. */
export function startParts(from: i32, to: i32, rowCount: i32, block: i32, n: i32): void {
  unit = from;
  last = to;
  rows = rowCount;
  blockRows = block;
  panels = n / GROUP;
  top = -1;
}

/** The next part; false when there is none. Rows of a block are at `a16` as int16 [rows, k]. */
export function nextPart(a: usize, k: i32, a16: usize): bool {
  if (unit === last) return false;
  const blockUnits = blockRows * panels;
  const first = (unit / blockUnits) * blockRows;
  const height = min(blockRows, rows - first);
  const within = unit % blockUnits;
  row = first + (within % height);
  column = (within / height) * GROUP;
  end = min(first + height, row + last - unit);
  if (first !== top) {
    // Whatever is left of the block: those rows of one panel, or with more than one all rows.
    const one = (within % height) + last - unit <= height;
    const begin = one ? row : first;
    widen(a + begin * k, a16 + (begin - first) * k * 2, ((one ? end : first + height) - begin) * k);
    top = first;
  }
  unit += end - row;
  return true;
}

/** Where a row of the part's block is as int16. */
export function wideRow(a16: usize, row: i32, k: i32): usize {
  return a16 + (row - top) * k * 2;
}
