import groupsWgsl from "../../shaders/quantize_groups.wgsl?wgsl";
import rowsWgsl from "../../shaders/quantize_rows.wgsl?wgsl";
import { defineKernel, type Grid, type Variant } from "../gpu/kernel.ts";
import { flatGrid } from "./flat-grid.ts";
import { GROUP } from "./gemm.ts";

/** f32 [rows, columns] to int8. */
export interface QuantizeRowsProblem {
  readonly rows: number;
  readonly columns: number;
}

const variant = (
  wgsl: string,
  grid: (problem: QuantizeRowsProblem) => Grid,
): Variant<QuantizeRowsProblem> => ({ wgsl, constants: () => ({}), grid });

const shared = {
  bindings: { x: "read", out: "write", out_scale: "write", params: "uniform" },
  check: ({ rows, columns }: QuantizeRowsProblem) => {
    if (!(rows > 0 && columns > 0 && columns % GROUP === 0))
      throw new RangeError(`quantize_rows: expected rows > 0 and 64 | columns; got ${rows}, ${columns}`);
  },
  macs: ({ rows, columns }: QuantizeRowsProblem) => rows * columns,
  bytes: ({ rows, columns }: QuantizeRowsProblem) => 5 * rows * columns,
} as const;

/** With a scale per row, and 16 bits for its outlier: [rows, 3] as in `ROW_SCALE`. */
export const quantizeRows = defineKernel({
  name: "quantize_rows",
  variants: { workgroup: variant(rowsWgsl, ({ rows }) => flatGrid(rows, 1)) },
  params: ({ rows, columns }) => Uint32Array.of(rows, columns / 4),
  ...shared,
});

/** With a scale per row and 64 columns. */
export const quantizeGroups = defineKernel({
  name: "quantize_groups",
  variants: { thread: variant(groupsWgsl, ({ rows, columns }) => flatGrid((rows * columns) / GROUP)) },
  params: ({ rows, columns }) => Uint32Array.of((rows * columns) / GROUP, GROUP / 4),
  ...shared,
});
