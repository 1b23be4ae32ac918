import wgsl from "../../shaders/dequantize_groups.wgsl?wgsl";
import { defineKernel } from "../gpu/kernel.ts";
import { flat } from "./flat.ts";
import { GROUP } from "./gemm.ts";
import { checkGroups, type QuantizeRowsProblem } from "./quantize-rows.ts";

const vectors = ({ rows, columns }: QuantizeRowsProblem) => (rows * columns) / 4;

/** int8 [rows, columns] with a scale per row and 64 columns to f32, for what reads no int8. */
export const dequantizeGroups = defineKernel({
  name: "dequantize_groups",
  bindings: { x: "read", x_scale: "read", out: "write", params: "uniform" },
  variants: { plain: flat(wgsl, vectors) },
  params: (problem: QuantizeRowsProblem) => Uint32Array.of(vectors(problem), GROUP / 4),
  check: checkGroups("dequantize_groups"),
  macs: ({ rows, columns }) => rows * columns,
  bytes: ({ rows, columns }) => 5 * rows * columns,
});
