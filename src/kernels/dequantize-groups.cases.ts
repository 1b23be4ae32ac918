import type { KernelCases } from "../testing/cases.ts";
import { dequantizeGroups } from "./dequantize-groups.ts";
import { GROUP } from "./gemm.ts";
import type { QuantizeRowsProblem } from "./quantize-rows.ts";

export default {
  kernel: dequantizeGroups,
  problems: [
    { name: "one group", problem: { rows: 1, columns: 64 } },
    { name: "prime rows", problem: { rows: 13, columns: 192 } },
    { name: "workgroup + 1", problem: { rows: 65, columns: 64 } },
  ],
  inputs: ({ rows, columns }, rng) => ({
    x: rng.i8(rows * columns),
    x_scale: rng.f32((rows * columns) / GROUP),
  }),
  outputs: ({ rows, columns }) => ({ out: { type: "f32", length: rows * columns } }),
  reference: (_, { x, x_scale }) => ({
    out: Float64Array.from(x, (value, i) => value * x_scale[Math.floor(i / GROUP)]),
  }),
  // One product, rounded once.
  tolerance: { out: { abs: 0, rel: 1e-7 } },
} satisfies KernelCases<QuantizeRowsProblem>;
