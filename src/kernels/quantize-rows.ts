import groupsWgsl from "../../shaders/quantize_groups.wgsl?wgsl";
import rowsWgsl from "../../shaders/quantize_rows.wgsl?wgsl";
import { checkProblem, defineKernel } from "../gpu/kernel.ts";
import { flat, flatGrid } from "./flat.ts";
import { GROUP } from "./gemm.ts";

/** f32 [rows, columns] to int8. */
export interface QuantizeRowsProblem {
  readonly rows: number;
  readonly columns: number;
}

/** The check of kernels that read or write groups of 64 columns. */
export const checkGroups =
  (kernel: string) =>
  ({ rows, columns }: QuantizeRowsProblem): void =>
    checkProblem(
      rows > 0 && columns > 0 && columns % GROUP === 0,
      kernel,
      "rows > 0 and 64 | columns",
      rows,
      columns,
    );

const shared = {
  bindings: { x: "read", out: "write", out_scale: "write", params: "uniform" },
  check: checkGroups("quantize_rows"),
  macs: ({ rows, columns }: QuantizeRowsProblem) => rows * columns,
  bytes: ({ rows, columns }: QuantizeRowsProblem) => 5 * rows * columns,
} as const;

/** With a scale per row, and 16 bits for its outlier: [rows, 3] as in `ROW_SCALE`. */
export const quantizeRows = defineKernel({
  name: "quantize_rows",
  variants: { workgroup: { wgsl: rowsWgsl, grid: ({ rows }: QuantizeRowsProblem) => flatGrid(rows, 1) } },
  params: ({ rows, columns }) => Uint32Array.of(rows, columns / 4),
  ...shared,
});

/** With a scale per row and 64 columns. */
export const quantizeGroups = defineKernel({
  name: "quantize_groups",
  variants: {
    thread: flat(groupsWgsl, ({ rows, columns }: QuantizeRowsProblem) => (rows * columns) / GROUP),
  },
  params: ({ rows, columns }) => Uint32Array.of((rows * columns) / GROUP, GROUP / 4),
  ...shared,
});
