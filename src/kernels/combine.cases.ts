import { ACTIVATIONS } from "../tensor/activation.ts";
import type { KernelCases } from "../testing/cases.ts";
import { type CombineProblem, combine } from "./combine.ts";

const problem = (images: number, rows: number, more: Partial<CombineProblem> = {}): CombineProblem => ({
  ...{ images, rows, columns: 64, xRows: rows, yRows: rows, by: "sum" },
  ...more,
});

/** Position of an operand's value: rows are separate for every image, or shared by all. */
const at = (p: CombineProblem, i: number, ownRows: number) => {
  const row = Math.floor(i / p.columns);
  return (Math.floor(row / p.rows) * ownRows + (row % p.rows)) * p.columns + (i % p.columns);
};

export default {
  kernel: combine,
  problems: [
    { name: "one row", problem: problem(1, 1) },
    { name: "seven pictures", problem: problem(7, 5, { columns: 192 }) },
    { name: "a sum with more rows", problem: problem(2, 1, { xRows: 13 }) },
    { name: "a table", problem: problem(3, 5, { yRows: 0 }) },
    { name: "SwiGLU", problem: problem(2, 11, { by: "silu" }) },
    { name: "GEGLU", problem: problem(1, 3, { by: "gelu", yRows: 4 }) },
  ],
  inputs: (p, rng) => ({
    x: rng.f32(p.images * p.xRows * p.columns, 4),
    y: rng.f32((p.yRows ? p.images * p.yRows : p.rows) * p.columns, 2),
  }),
  outputs: ({ images, rows, columns }) => ({ out: { type: "f32", length: images * rows * columns } }),
  reference: (p, { x, y }) => ({
    out: Float64Array.from({ length: p.images * p.rows * p.columns }, (_, i) => {
      const [a, b] = [x[at(p, i, p.xRows)], y[at(p, i, p.yRows)]];
      return p.by === "sum" ? a + b : ACTIVATIONS[p.by].of(a) * b;
    }),
  }),
  // exp within 2^-21 relative, and erf within 1.5e-7 times values below 8.
  tolerance: { out: { abs: 2e-6, rel: 2e-6 } },
} satisfies KernelCases<CombineProblem>;
