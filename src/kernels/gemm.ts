// What every int8 GEMM kernel is told: problem, bindings by epilogue, constants and grid. The shaders differ only in
// how they walk K.

import {
  type Bindings,
  defineKernel,
  type Grid,
  type Kernel,
  type Probe,
  type Variant,
} from "../gpu/kernel.ts";
import { type Activation, activationCode } from "../tensor/activation.ts";
import { roundUp } from "../tensor/round-up.ts";

/** Rows of every activation buffer are padded to this, so that no tile needs a bound on M. */
export const ROW_PADDING = 128;

/** The columns that share one activation scale, and that one workgroup owns. */
export const GROUP = 64;

/**
 * y[rows, n] = a[rows, k] w[k, n], both int8; k and n multiples of 64.
 * `add` reads a scale per row and 64 of k; `quantize` a scale per row with the row's outlier, [rows, 3] as `ROW_SCALE` says.
 */
export interface GemmProblem {
  /** Behind the last row. */
  readonly rows: number;
  /** Rows before it are another dispatch's; default 0. Only where the problem is told at run time. */
  readonly firstRow?: number;
  readonly n: number;
  readonly k: number;
  /** `quantize` only: what happens to y before it is quantised. */
  readonly activation?: Activation;
  /** `add` only: row r adds addend row floor(r / rowsPerImage) * addendRows + r mod rowsPerImage. Default: row r. */
  readonly rowsPerImage?: number;
  readonly addendRows?: number;
}

export const EPILOGUES = {
  /** The raw i32 sums, for the tests and the benchmark. */
  accumulate: { a: "read", w: "read", out: "write" },
  /** y + bias + addend in f32. */
  add: { a: "read", w: "read", a_scale: "read", w_scale: "read", bias: "read", addend: "read", out: "write" },
  /** activation(y + bias) in int8 with a scale per row and 64 columns. */
  quantize: {
    a: "read",
    w: "read",
    a_scale: "read",
    w_scale: "read",
    bias: "read",
    out: "write",
    out_scale: "write",
  },
} as const satisfies Record<string, Bindings>;

export type Epilogue = keyof typeof EPILOGUES;
export type GemmKernels = { readonly [E in Epilogue]: Kernel<(typeof EPILOGUES)[E], GemmProblem> };
type GemmVariants = Readonly<Record<string, Variant<GemmProblem>>>;

/**
 * The kernels of one GEMM unit, one for each epilogue. With `params` the problem is told at run time through a uniform,
 * and all shapes share a pipeline; without, it is constants of the pipeline.
 */
export function gemmKernels(
  name: string,
  variants: Readonly<Record<Epilogue, GemmVariants>>,
  told: "params" | "constants" = "constants",
): GemmKernels {
  const kernel = <E extends Epilogue>(epilogue: E) =>
    defineKernel<(typeof EPILOGUES)[E], GemmProblem>({
      name: `${name}_${epilogue}`,
      bindings: told === "params" ? { ...EPILOGUES[epilogue], params: "uniform" } : EPILOGUES[epilogue],
      params:
        told === "params"
          ? (problem: GemmProblem) => Uint32Array.of(...gemmParams(problem), problem.firstRow ?? 0)
          : undefined,
      cut: told === "params" ? cutRows : undefined,
      variants: variants[epilogue],
      probe: epilogue === "accumulate" ? undefined : () => gemmProbe(epilogue),
      check: checkGemm,
      macs: ({ rows, firstRow = 0, n, k }) => (rows - firstRow) * n * k,
      bytes: ({ rows, n, k }) => rows * k + n * k + rows * n * (epilogue === "quantize" ? 1 : 4),
    });
  return { accumulate: kernel("accumulate"), add: kernel("add"), quantize: kernel("quantize") };
}

/** What the tiles of the kernels that are told their problem divide. */
const CUT_ROWS = 40;

/** The same rows by about so many dispatches. */
function cutRows(problem: GemmProblem, parts: number): GemmProblem[] {
  const step = roundUp(Math.ceil(problem.rows / parts), CUT_ROWS);
  return Array.from({ length: Math.ceil(problem.rows / step) }, (_, i) => ({
    ...problem,
    firstRow: i * step,
    rows: Math.min(problem.rows, (i + 1) * step),
  }));
}

/** One workgroup for each tile. */
export function tileGrid([tileRows, tileColumns]: readonly [number, number]) {
  return ({ rows, n }: GemmProblem): Grid => [n / tileColumns, Math.ceil(rows / tileRows)];
}

/** A variant whose workgroup is 16 by `rowThreads` threads of 4x4 outputs, with dot4I8Packed or with f32 sums. */
export function tile4x4(
  epilogue: Epilogue,
  wgsl: string,
  rowThreads: number,
  dot4: boolean,
  shapedFor?: Variant<GemmProblem>["shapedFor"],
): Variant<GemmProblem> {
  const tile = [4 * rowThreads, GROUP] as const;
  return {
    wgsl,
    shapedFor,
    tile,
    inner: dot4 ? "dot4" : "f32",
    constants: (problem) => ({
      ...gemmConstants(epilogue, problem),
      ROW_THREADS: rowThreads,
      ...(roundUp(problem.rows, tile[0]) > paddedRows(problem.rows) && { ROWS: problem.rows }),
    }),
    grid: tileGrid(tile),
    runsOn: ({ language }) => !dot4 || language.has("packed_4x8_integer_dot_product"),
  };
}

/** The same variants, where the machine has f16. */
export function onlyWithHalf<P, Name extends string>(
  variants: Readonly<Record<Name, Variant<P>>>,
): Record<Name, Variant<P>> {
  const halves = Object.entries<Variant<P>>(variants).map(([name, variant]) => {
    const runsOn: Variant<P>["runsOn"] = (machine, problem) =>
      machine.features.has("shader-f16") && (variant.runsOn?.(machine, problem) ?? true);
    return [name, { ...variant, runsOn }];
  });
  return Object.fromEntries(halves);
}

/** The override constants that lib/gemm.wgsl declares for this epilogue. */
export function gemmConstants(epilogue: Epilogue, problem: GemmProblem): Record<string, number> {
  const { k, n, activation, rowsPerImage = 1, addendRows = 1 } = problem;
  if (epilogue === "add") return { K: k, N: n, ROWS_PER_IMAGE: rowsPerImage, ADDEND_ROWS: addendRows };
  if (epilogue === "quantize") return { K: k, N: n, ACTIVATION: activationCode(activation) };
  return { K: k, N: n };
}

/** Where the outliers of `gemmProbe` are: in no first word, and in no first byte of one. */
const PROBED_CHANNEL = 187;

/**
 * Every byte there is against every other: rows 5, k 192, scales that are powers of two, so that `add` is exact and
 * `quantize`, with n 64 and an outlier in some rows, at most one step off.
 */
export function gemmProbe(epilogue: Exclude<Epilogue, "accumulate">, n = 64): Probe {
  const problem = { rows: 5, n, k: 192 };
  const { rows, k } = problem;
  const padded = paddedRows(rows);
  const byte = (i: number) => ((i * 37 + (i >> 8)) & 255) - 128;
  const a = Int8Array.from({ length: padded * k }, (_, i) => byte(i));
  const w = Int8Array.from({ length: n * k }, (_, i) => Math.max(-127, byte(i + 5)));
  const bias = Float32Array.from({ length: n }, (_, i) => i - 32);
  const excess = (row: number) => (epilogue === "quantize" ? [0, 3000, 0, -500, 0][row] : 0);
  const y = Float32Array.from({ length: rows * n }, (_, i) => {
    const [row, column] = [Math.floor(i / n), i % n];
    const weight = (j: number) => w[((j >> 4) * n + column) * 16 + (j & 15)];
    let sum = excess(row) * weight(PROBED_CHANNEL);
    for (let j = 0; j < k; j++) sum += a[row * k + j] * weight(j);
    return sum / 64 + bias[column];
  });
  const shared = { a, w, w_scale: new Float32Array(n).fill(1 / 64), bias };
  const ones = (length: number) => new Float32Array(length).fill(1);
  if (epilogue === "add")
    return {
      problem,
      inputs: { ...shared, a_scale: ones((padded * k) / GROUP), addend: ones(padded * n) },
      outputs: { out: { expected: y.map((v) => v + 1), off: 0, byteLength: padded * n * 4 } },
    };
  const peaks = Float32Array.from({ length: rows }, (_, row) =>
    y.subarray(row * n, (row + 1) * n).reduce((peak, v) => Math.max(peak, Math.abs(v)), 0),
  );
  const scales = Array.from({ length: padded }, (_, row) => [
    1,
    row < rows ? excess(row) : 0,
    PROBED_CHANNEL,
  ]).flat();
  const q = Int8Array.from(y, (v, i) => Math.round((v * 127) / peaks[Math.floor(i / n)]));
  return {
    problem,
    inputs: { ...shared, a_scale: Float32Array.from(scales) },
    outputs: {
      out: { expected: q, off: 1, byteLength: padded * n },
      out_scale: { expected: peaks.map((peak) => peak / 127), off: 1e-4, byteLength: padded * 4 },
    },
  };
}

/** struct Params of lib/gemm.wgsl. */
export function gemmParams({
  rows,
  k,
  n,
  activation,
  rowsPerImage = 1,
  addendRows = 1,
}: GemmProblem): Uint32Array {
  return Uint32Array.of(k, n, rowsPerImage, addendRows, activationCode(activation), rows);
}

export function checkGemm({ rows, n, k }: GemmProblem): void {
  const fits = rows > 0 && n > 0 && k > 0 && n % GROUP === 0 && k % GROUP === 0;
  if (!fits)
    throw new RangeError(`gemm: rows, n and k must be > 0, n and k multiples of 64; got ${rows}, ${n}, ${k}`);
}

/** Rows as allocated. */
export function paddedRows(rows: number): number {
  return roundUp(rows, ROW_PADDING);
}
