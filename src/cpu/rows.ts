// Operations by row or by value, on the CPU in f32.

import type { ActivateProblem } from "../kernels/activate.ts";
import type { CombineProblem } from "../kernels/combine.ts";
import type { ConcatColumnsProblem } from "../kernels/concat-columns.ts";
import type { GatherRowsProblem } from "../kernels/gather-rows.ts";
import { GROUP } from "../kernels/gemm.ts";
import type { MeanRowsProblem } from "../kernels/mean-rows.ts";
import type { QuantizeRowsProblem } from "../kernels/quantize-rows.ts";
import { activate as activateInPlace } from "./activation.ts";
import * as quantize from "./quantize.ts";

type Floats<Name extends string> = Readonly<Record<Name, Float32Array>>;
interface Quantized {
  readonly x: Float32Array;
  readonly out: Int8Array;
  readonly out_scale: Float32Array;
}

export function gatherRows(
  { images, rows, columns, pieces, width, xRows, xColumns }: GatherRowsProblem,
  { x, index, out }: Floats<"x" | "index" | "out">,
): void {
  out.fill(0, 0, images * rows * columns);
  for (let row = 0; row < images * rows; row++)
    for (let piece = 0; piece < pieces; piece++) {
      const from = index[(row % rows) * pieces + piece];
      if (from < 0) continue;
      const source = Math.floor(row / rows) * xRows + from;
      const values = x.subarray(source * xColumns, source * xColumns + width);
      out.set(values, row * columns + piece * width);
    }
}

export function meanRows(
  { images, columns, xRows, first, count }: MeanRowsProblem,
  { x, out }: Floats<"x" | "out">,
): void {
  const sums = new Float64Array(columns);
  for (let image = 0; image < images; image++) {
    sums.fill(0);
    for (let row = first; row < first + count; row++)
      for (let c = 0; c < columns; c++) sums[c] += x[(image * xRows + row) * columns + c];
    for (let c = 0; c < columns; c++) out[image * columns + c] = sums[c] / count;
  }
}

export function concatColumns(
  { images, rows, columns, x, y }: ConcatColumnsProblem,
  arrays: Floats<"x" | "y" | "out">,
): void {
  arrays.out.fill(0, 0, images * rows * columns);
  for (let row = 0; row < images * rows; row++) {
    let at = row * columns;
    for (const [values, side] of [
      [arrays.x, x],
      [arrays.y, y],
    ] as const) {
      const source = (Math.floor(row / rows) * side.rows + (row % rows)) * side.columns;
      arrays.out.set(values.subarray(source, source + side.width), at);
      at += side.width;
    }
  }
}

export function combine(
  { images, rows, columns, xRows, yRows, by }: CombineProblem,
  { x, y, out }: Floats<"x" | "y" | "out">,
): void {
  for (let row = 0; row < images * rows; row++) {
    const image = Math.floor(row / rows);
    const xFrom = (image * xRows + (row % rows)) * columns;
    const yFrom = (image * yRows + (row % rows)) * columns;
    const gate = x.slice(xFrom, xFrom + columns);
    if (by !== "sum") activateInPlace(gate, by);
    for (let c = 0; c < columns; c++)
      out[row * columns + c] = by === "sum" ? gate[c] + y[yFrom + c] : gate[c] * y[yFrom + c];
  }
}

export function activate(
  { rows, columns, activation }: ActivateProblem,
  { x, out }: Floats<"x" | "out">,
): void {
  out.set(x.subarray(0, rows * columns));
  activateInPlace(out.subarray(0, rows * columns), activation);
}

export function quantizeRows({ rows, columns }: QuantizeRowsProblem, { x, out, out_scale }: Quantized): void {
  quantize.quantizeRows(x.subarray(0, rows * columns), columns, out, out_scale);
}

export function dequantizeGroups(
  { rows, columns }: QuantizeRowsProblem,
  { x, x_scale, out }: { readonly x: Int8Array } & Floats<"x_scale" | "out">,
): void {
  for (let i = 0; i < rows * columns; i++) out[i] = x[i] * x_scale[Math.floor(i / GROUP)];
}

export function quantizeGroups({ rows, columns }: QuantizeRowsProblem, arrays: Quantized): void {
  quantize.quantizeGroups(arrays.x.subarray(0, rows * columns), GROUP, arrays.out, arrays.out_scale);
}
