// The test cases of every int8 GEMM kernel: raw sums exactly, epilogues against f64.

import type { AnyKernel } from "../gpu/kernel.ts";
import { ROW_SCALE } from "../quant/outlier.ts";
import { packWeights } from "../quant/pack.ts";
import type { EpilogueActivation } from "../tensor/activation.ts";
import type { AnyCases, CaseProblem, HostArray, Rng, Tolerance } from "../testing/cases.ts";
import { ACTIVATE, quantizeGroups } from "../testing/reference.ts";
import {
  type Epilogue,
  type GemmKernel,
  type GemmKernels,
  type GemmProblem,
  GROUP,
  type InputForm,
  paddedRows,
} from "./gemm.ts";

type Problem = CaseProblem<GemmProblem>;

/** Shapes share n and k: each pair is a pipeline of its own, which takes longer to compile than to run. */
const SHAPES: Problem[] = [
  { name: "one row", problem: { rows: 1, n: 192, k: 192 } },
  { name: "prime rows", problem: { rows: 17, n: 192, k: 192 } },
  { name: "tile - 1", problem: { rows: 63, n: 192, k: 192 } },
  { name: "tile", problem: { rows: 64, n: 192, k: 192 } },
  { name: "tile + 1", problem: { rows: 65, n: 192, k: 192 } },
  { name: "small tile - 1", problem: { rows: 31, n: 192, k: 192 } },
  { name: "rows without padding", problem: { rows: 128, n: 192, k: 192 } },
  { name: "large tile + 1", problem: { rows: 129, n: 192, k: 192 } },
  { name: "DeiT-Ti proj", problem: { rows: 197, n: 192, k: 192 } },
];

/** Where whole rows are summed as integers; sums of 64 are none the longer. */
const DEEP: Problem = { name: "deeper than f32 sums stay exact", problem: { rows: 5, n: 64, k: 2112 } };

/** Two groups of K, where the others have an odd number: some variants take two at a time. */
const EVEN: Problem = { name: "two groups of K", problem: { rows: 33, n: 64, k: 128 } };

const ADDS: Problem[] = [
  {
    name: "position table",
    sampled: true,
    problem: { rows: 10, n: 128, k: 64, rowsPerImage: 5, addendRows: 0 },
  },
  {
    name: "class tokens",
    sampled: true,
    problem: { rows: 3, n: 128, k: 64, rowsPerImage: 1, addendRows: 5 },
  },
];

const ACTIVATED: Problem[] = (
  ["gelu", "gelu_tanh", "quick_gelu"] as const satisfies readonly EpilogueActivation[]
).map((activation) => ({
  name: activation,
  sampled: true,
  problem: { rows: 9, n: 128, k: 64, activation },
}));

const EXTRA = {
  accumulate: [DEEP, EVEN],
  add: ADDS,
  store: ACTIVATED,
  quantize: [...ACTIVATED, { ...DEEP, sampled: true }],
};

/** The cases of every kernel of a unit, and of its raw sums. */
export function gemmCases({ groups, row }: GemmKernels, sums: GemmKernel<"accumulate">): AnyCases[] {
  return [
    gemmCasesOf("groups", "accumulate", sums),
    gemmCasesOf("groups", "add", groups.add),
    gemmCasesOf("groups", "store", groups.store),
    gemmCasesOf("row", "store", row.store),
    gemmCasesOf("row", "quantize", row.quantize),
  ];
}

export function gemmCasesOf(form: InputForm, epilogue: Epilogue, kernel: AnyKernel): AnyCases {
  return {
    kernel,
    problems: [...SHAPES, ...EXTRA[epilogue]],
    inputs: (problem: GemmProblem, rng: Rng) => inputs(form, epilogue, problem, rng),
    outputs: ({ rows, n }: GemmProblem) => outputs(epilogue, rows, n),
    reference: (problem: GemmProblem, host: Record<string, HostArray>) =>
      reference(form, epilogue, problem, host),
    tolerance: TOLERANCE[epilogue],
  } as unknown as AnyCases;
}

const TOLERANCE: Record<Epilogue, Record<string, Tolerance>> = {
  // Sums of int8 products are integers below 2^31, or below 2^24 between two folds: exact in every variant.
  accumulate: { out: { abs: 0, rel: 0 } },
  // 33 f32 additions of partial sums below 100: 33 * 100 * 2^-24.
  add: { out: { abs: 2e-4, rel: 1e-5 } },
  store: { out: { abs: 2e-4, rel: 1e-5 } },
  // f32 and f64 may round a value near a tie to neighboring integers; the scale is one f32 division away.
  quantize: { out: { abs: 1, rel: 0 }, out_scale: { abs: 1e-7, rel: 1e-5 } },
};

function inputs(
  form: InputForm,
  epilogue: Epilogue,
  problem: GemmProblem,
  rng: Rng,
): Record<string, HostArray> {
  const rows = paddedRows(problem.rows);
  const { n, k } = problem;
  const operands = { a: rng.i8(rows * k), w: packWeights(rng.i8(n * k), n, k) };
  if (epilogue === "accumulate") return operands;
  return {
    ...operands,
    a_scale: form === "groups" ? rng.f32((rows * k) / GROUP, 0.02) : rowScales(rows, k, rng),
    w_scale: rng.f32(n, 0.002),
    bias: rng.f32(n),
    ...(epilogue === "add" && { addend: rng.f32(rows * Math.max(1, problem.addendRows ?? 1) * n) }),
  };
}

/** Three rows of four have an outlier: in the first channel, in the last, in any, and as far out as there are. */
function rowScales(rows: number, k: number, rng: Rng): Float32Array {
  const [excesses, channels] = [
    [0, 1000, -16129, 250],
    [0, 0, k - 1, 37],
  ];
  const scales = rng.f32(rows * ROW_SCALE, 0.02);
  for (let row = 0; row < rows; row++)
    scales.set([excesses[row % 4], channels[row % 4]], row * ROW_SCALE + 1);
  return scales;
}

function outputs(epilogue: Epilogue, rows: number, n: number): ReturnType<AnyCases["outputs"]> {
  const padding = (paddedRows(rows) - rows) * n;
  if (epilogue !== "quantize")
    return { out: { type: epilogue === "accumulate" ? "i32" : "f32", length: rows * n, padding } };
  return {
    out: { type: "i8", length: rows * n, padding },
    out_scale: { type: "f32", length: (rows * n) / GROUP, padding: padding / GROUP },
  };
}

function reference(
  form: InputForm,
  epilogue: Epilogue,
  problem: GemmProblem,
  host: Record<string, HostArray>,
) {
  const { rows, n } = problem;
  if (epilogue === "accumulate")
    return { out: table(rows, n, (row, column) => sum(problem, host, row, column)) };
  const y = table(rows, n, (row, column) => dequantized(form, problem, host, row, column));
  if (epilogue === "store") return { out: y.map(ACTIVATE[problem.activation ?? "none"]) };
  if (epilogue === "quantize") return quantizeGroups(y.map(ACTIVATE[problem.activation ?? "none"]));
  const { rowsPerImage = 1, addendRows = 1 } = problem;
  return {
    out: table(rows, n, (row, column) => {
      const addendRow = Math.floor(row / rowsPerImage) * addendRows + (row % rowsPerImage);
      return y[row * n + column] + host.addend[addendRow * n + column];
    }),
  };
}

function table(rows: number, n: number, value: (row: number, column: number) => number): Float64Array {
  return Float64Array.from({ length: rows * n }, (_, i) => value(Math.floor(i / n), i % n));
}

/** The products of k in [from, to), summed as integers. */
function sum(
  { n, k }: GemmProblem,
  { a, w }: Record<string, HostArray>,
  row: number,
  column: number,
  from = 0,
  to = k,
) {
  let total = 0;
  for (let i = from; i < to; i++) total += a[row * k + i] * w[((i >> 4) * n + column) * 16 + (i & 15)];
  return total;
}

function dequantized(
  form: InputForm,
  problem: GemmProblem,
  host: Record<string, HostArray>,
  row: number,
  column: number,
): number {
  const total =
    form === "groups" ? groupsTotal(problem, host, row, column) : rowTotal(problem, host, row, column);
  return total * host.w_scale[column] + host.bias[column];
}

function groupsTotal(problem: GemmProblem, host: Record<string, HostArray>, row: number, column: number) {
  const groups = problem.k / GROUP;
  let total = 0;
  for (let g = 0; g < groups; g++)
    total += sum(problem, host, row, column, g * GROUP, (g + 1) * GROUP) * host.a_scale[row * groups + g];
  return total;
}

function rowTotal(problem: GemmProblem, host: Record<string, HostArray>, row: number, column: number) {
  const [scale, excess, channel] = host.a_scale.subarray(row * ROW_SCALE);
  const weight = host.w[((channel >> 4) * problem.n + column) * 16 + (channel & 15)];
  return (sum(problem, host, row, column) + excess * weight) * scale;
}
