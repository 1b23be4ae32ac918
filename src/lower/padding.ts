// How columns lie in memory: each of a value's equal pieces padded to whole groups of 64.

import { GROUP } from "../kernels/gemm.ts";
import type { Value } from "../network/op.ts";
import { roundUp } from "../tensor/round-up.ts";

type Columns = Pick<Value, "width" | "parts">;

/** Columns in memory. */
export function columnsOf({ width, parts }: Columns): number {
  return parts * roundUp(width / parts, GROUP);
}

/** Whether there is padding between its pieces. */
export const isApart = ({ width, parts }: Columns) => parts > 1 && (width / parts) % GROUP !== 0;

/** The position of a column in memory. */
export function columnAt(column: number, { width, parts }: Columns): number {
  const piece = width / parts;
  return Math.floor(column / piece) * roundUp(piece, GROUP) + (column % piece);
}

/** A stretch of columns that stays together: `length` values from `from` in a file to `to` in memory. */
export interface Run {
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

/** All columns, in as few stretches as there can be. */
export function runsOf({ width, parts }: Columns): Run[] {
  const length = width / parts;
  const stride = roundUp(length, GROUP);
  if (length === stride) return [{ from: 0, to: 0, length: width }];
  return Array.from({ length: parts }, (_, i) => ({ from: i * length, to: i * stride, length }));
}
