import wgsl from "../../shaders/dequantize_groups.wgsl?wgsl";
import { defineKernel } from "../gpu/kernel.ts";
import { flatGrid } from "./flat-grid.ts";
import { GROUP } from "./gemm.ts";
import type { QuantizeRowsProblem } from "./quantize-rows.ts";

const vectors = ({ rows, columns }: QuantizeRowsProblem) => (rows * columns) / 4;

/** int8 [rows, columns] with a scale per row and 64 columns to f32, for what reads no int8. */
export const dequantizeGroups = defineKernel({
  name: "dequantize_groups",
  bindings: { x: "read", x_scale: "read", out: "write", params: "uniform" },
  variants: {
    plain: {
      wgsl,
      constants: () => ({}),
      grid: (problem: QuantizeRowsProblem) => flatGrid(vectors(problem)),
    },
  },
  params: (problem: QuantizeRowsProblem) => Uint32Array.of(vectors(problem), GROUP / 4),
  check: ({ rows, columns }: QuantizeRowsProblem) => {
    if (!(rows > 0 && columns > 0 && columns % GROUP === 0))
      throw new RangeError(`dequantize_groups: expected rows > 0 and 64 | columns; got ${rows}, ${columns}`);
  },
  macs: ({ rows, columns }) => rows * columns,
  bytes: ({ rows, columns }) => 5 * rows * columns,
});
