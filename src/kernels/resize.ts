// The problem of both passes of the resize: the tables of an image's plan and the position of a strip in it.

import { inputRange, type ResizePlan } from "../image/resize.ts";

/** struct Resize of lib/resample.wgsl, in its order. */
export interface ResizeParams {
  readonly stripRows: number;
  readonly panelRows: number;
  readonly stripStart: number;
  readonly columnTaps: number;
  readonly rowTaps: number;
  readonly rowTable: number;
  readonly bandStart: number;
  readonly patchStart: number;
  readonly patchEnd: number;
  /** Row of the first patch of this image. */
  readonly firstRow: number;
}

export function packParams(params: ResizeParams): Uint32Array {
  const { stripRows, panelRows, stripStart, columnTaps, rowTaps, rowTable } = params;
  const { bandStart, patchStart, patchEnd, firstRow } = params;
  return Uint32Array.of(
    stripRows,
    panelRows,
    stripStart,
    columnTaps,
    rowTaps,
    rowTable,
    bandStart,
    patchStart,
    patchEnd,
    firstRow,
  );
}

/** Column starts (counted from the first column wanted), column weights, then from `rowTable` row starts and row weights. */
export function packTables({ columns, rows }: ResizePlan): { tables: Int32Array; rowTable: number } {
  const { first } = inputRange(columns);
  const rowTable = columns.starts.length + columns.weights.length;
  const tables = new Int32Array(rowTable + rows.starts.length + rows.weights.length);
  tables.set(columns.starts.map((start) => start - first));
  tables.set(columns.weights, columns.starts.length);
  tables.set(rows.starts, rowTable);
  tables.set(rows.weights, rowTable + rows.starts.length);
  return { tables, rowTable };
}
