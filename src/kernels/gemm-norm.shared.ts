// The cases of every GEMM with a LayerNorm behind it: those of the two kernels that it stands for.

import { ROW_SCALE } from "../quant/outlier.ts";
import type { AnyCases, HostArray, Rng } from "../testing/cases.ts";
import { gemmCases } from "./gemm.shared.ts";
import { paddedRows } from "./gemm.ts";
import { gemmInt8Direct } from "./gemm-int8-direct.ts";
import type { GemmNormProblem, gemmNormKernel } from "./gemm-norm.ts";
import layernormCases from "./layernorm.cases.ts";

const [, add] = gemmCases(gemmInt8Direct);
const [, norm] = layernormCases;

const problem = (
  rows: number,
  n: number,
  k: number,
  rest: Partial<GemmNormProblem> = {},
): GemmNormProblem => ({ rows, n, k, width: n, eps: 1e-6, ...rest });

/** The same, for the pair of kernels whose references are used. */
const layer = ({ rows, n: stride, width, eps }: GemmNormProblem) => ({ rows, stride, width, eps }) as never;

/** As in a model: nothing in the columns from `width` on, and in some rows one value far out, the first or the last of them. */
function inputs(problem: GemmNormProblem, rng: Rng): Record<string, HostArray> {
  const { n, width } = problem;
  const { a, w, a_scale, addend, w_scale, bias } = add.inputs(problem as never, rng) as Record<
    string,
    HostArray
  >;
  const vectors = new Float32Array(4 * n);
  for (const [i, vector] of [w_scale, bias, rng.f32(n), rng.f32(n)].entries())
    vectors.set(vector.subarray(0, width), i * n);
  const farOut = (row: number, column: number) => {
    if (row % 4 === 1) return column === 0 ? -60 : 0;
    return row % 4 === 3 && column === width - 1 ? 60 : 0;
  };
  const placed = (v: number, row: number, column: number) => (column < width ? v + farOut(row, column) : 0);
  return { a, w, a_scale, vectors, addend: addend.map((v, i) => placed(v, Math.floor(i / n), i % n)) };
}

function reference(problem: GemmNormProblem, host: Record<string, HostArray>) {
  const { n } = problem;
  const [w_scale, bias, gamma, beta] = [0, 1, 2, 3].map((i) => host.vectors.subarray(i * n, (i + 1) * n));
  const { out } = add.reference(problem as never, { ...host, w_scale, bias });
  // The references are f64 throughout; their type speaks of what the host uploads.
  const x = out as unknown as HostArray;
  const normed = norm.reference(layer(problem), { x, gamma, beta });
  return { out, norm: normed.out, norm_scale: normed.out_scale };
}

export const gemmNormCases = (kernel: ReturnType<typeof gemmNormKernel>) =>
  ({
    kernel,
    problems: [
      { name: "one row", problem: problem(1, 128, 64) },
      { name: "prime rows, padded columns", problem: problem(17, 128, 64, { width: 96 }) },
      { name: "tile + 1", problem: problem(65, 64, 192) },
      { name: "DeiT-Ti proj", problem: problem(197, 192, 192) },
      { name: "eight pictures", problem: problem(1576, 64, 64) },
      { name: "wide", problem: problem(7, 768, 64) },
      { name: "deep", problem: problem(5, 64, 3072) },
      { name: "position table", problem: problem(10, 64, 64, { rowsPerImage: 5, addendRows: 0 }) },
      { name: "class tokens", problem: problem(3, 64, 64, { rowsPerImage: 1, addendRows: 5 }) },
    ],
    inputs,
    outputs: (p: GemmNormProblem) => {
      const padding = paddedRows(p.rows) - p.rows;
      return {
        out: { type: "f32", length: p.rows * p.n, padding: padding * p.n },
        norm: { type: "i8", length: p.rows * p.n, padding: padding * p.n },
        norm_scale: { type: "f32", length: p.rows * ROW_SCALE, padding: padding * ROW_SCALE },
      };
    },
    reference,
    tolerance: {
      out: add.tolerance.out,
      // As of the two kernels that it stands for: a value near a tie may round to either neighbour.
      norm: norm.tolerance.out,
      norm_scale: norm.tolerance.out_scale,
    },
  }) as unknown as AnyCases;
