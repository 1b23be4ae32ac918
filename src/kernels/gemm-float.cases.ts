import type { AnyCases, HostArray, Rng } from "../testing/cases.ts";
import { ACTIVATE } from "../testing/reference.ts";
import { type GemmProblem, paddedRows } from "./gemm.ts";
import { gemmFloatActivate, gemmFloatAdd } from "./gemm-float.ts";

const shapes: { name: string; problem: GemmProblem }[] = [
  { name: "one row", problem: { rows: 1, n: 64, k: 4 } },
  { name: "prime rows", problem: { rows: 17, n: 128, k: 60 } },
  { name: "tile + 1", problem: { rows: 65, n: 64, k: 192 } },
];

const inputs = ({ rows, n, k }: GemmProblem, rng: Rng) => ({
  a: rng.f32(paddedRows(rows) * k),
  w: rng.f32(k * n),
  bias: rng.f32(n),
});

const outputs = ({ rows, n }: GemmProblem) => ({
  out: { type: "f32", length: rows * n, padding: (paddedRows(rows) - rows) * n },
});

function product({ rows, n, k }: GemmProblem, { a, w, bias }: Record<string, HostArray>): Float64Array {
  return Float64Array.from({ length: rows * n }, (_, i) => {
    const row = Math.floor(i / n);
    const column = i % n;
    let sum = bias[column];
    for (let j = 0; j < k; j++) sum += a[row * k + j] * w[j * n + column];
    return sum;
  });
}

// 192 products below 1 summed in f32.
const tolerance = { out: { abs: 3e-5, rel: 1e-5 } };

export default [
  {
    kernel: gemmFloatActivate,
    problems: [...shapes, { name: "GELU", problem: { rows: 9, n: 64, k: 16, activation: "gelu" } }],
    inputs,
    outputs,
    reference: (p: GemmProblem, host: Record<string, HostArray>) => ({
      out: product(p, host).map(ACTIVATE[p.activation ?? "none"]),
    }),
    tolerance,
  },
  {
    kernel: gemmFloatAdd,
    problems: [
      ...shapes,
      { name: "position table", problem: { rows: 10, n: 64, k: 8, rowsPerImage: 5, addendRows: 0 } },
    ],
    inputs: (p: GemmProblem, rng: Rng) => ({ ...inputs(p, rng), addend: rng.f32(paddedRows(p.rows) * p.n) }),
    outputs,
    reference: (p: GemmProblem, host: Record<string, HostArray>) => ({
      out: product(p, host).map((y, i) => {
        const row = Math.floor(i / p.n);
        const { rowsPerImage = 1, addendRows = 1 } = p;
        const addendRow = Math.floor(row / rowsPerImage) * addendRows + (row % rowsPerImage);
        return y + host.addend[addendRow * p.n + (i % p.n)];
      }),
    }),
    tolerance,
  },
] as unknown as AnyCases[];
