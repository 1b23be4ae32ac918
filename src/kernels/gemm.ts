// The interface of all int8 GEMM kernels: problem, bindings by epilogue, constants and grid. The shaders differ only in how they loop over
// K.

import {
  type Bindings,
  type Capabilities,
  checkProblem,
  defineKernel,
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
 * The form of a and the use of y are the two axes of every kernel: see `InputForm` and `Epilogue`.
 */
export interface GemmProblem {
  /** Behind the last row. */
  readonly rows: number;
  /** Earlier rows belong to another dispatch; default 0. Only if the problem is set at run time. */
  readonly firstRow?: number;
  readonly n: number;
  readonly k: number;
  /** `store` and `quantize`: applied to y + bias. */
  readonly activation?: Activation;
  /** `add` only: row r adds addend row floor(r / rowsPerImage) * addendRows + r mod rowsPerImage. Default: row r. */
  readonly rowsPerImage?: number;
  readonly addendRows?: number;
}

/**
 * How a lies in memory, as a tensor's form says.
 * - `groups`: int8 with a scale for each row and 64 of k, a_scale [rows, k / 64]. Attention, and products before this one.
 * - `row`: int8 with a scale for each row and its outlier, a_scale [rows, 3] as `ROW_SCALE` says. LayerNorm.
 */
export type InputForm = "groups" | "row";

/**
 * What becomes of y, which is dequantized to f32 first.
 * - `accumulate`: nothing; the raw i32 sums, for the tests and the benchmark
 * - `add`: y + bias + addend, f32 (or f16) [rows, n]
 * - `store`: activation(y + bias), f32 [rows, n]
 * - `quantize`: activation(y + bias), int8 with a scale for each row and 64 columns: a tensor of the form `groups`
 */
export type Epilogue = "accumulate" | "add" | "store" | "quantize";

const OPERANDS = { a: "read", w: "read", a_scale: "read", w_scale: "read", bias: "read" } as const;

/** The bindings of each epilogue; the input form changes only the contents of a_scale. */
export const EPILOGUES = {
  accumulate: { a: "read", w: "read", out: "write" },
  add: { ...OPERANDS, addend: "read", out: "write" },
  store: { ...OPERANDS, out: "write" },
  quantize: { ...OPERANDS, out: "write", out_scale: "write" },
} as const satisfies Record<Epilogue, Bindings>;

export type GemmKernel<E extends Epilogue> = Kernel<(typeof EPILOGUES)[E], GemmProblem>;

/** Which epilogues a kernel has for each input form. A pair more is a word here and one in `FORMS` of each unit's shader. */
export const FORMS = {
  groups: ["add", "store"],
  row: ["store", "quantize"],
} as const satisfies Record<InputForm, readonly Epilogue[]>;

/** `unit.row.quantize` is the kernel that reads rows and quantizes. */
export type GemmKernels = {
  readonly [F in InputForm]: { readonly [E in (typeof FORMS)[F][number]]: GemmKernel<E> };
};

/** A row of a unit's table: how a variant loops over the product, for every input form and epilogue. */
export interface GemmVariant {
  /** Its inner product; with `text` it names the variant's text. */
  readonly inner: "dot4" | "f32";
  /** More words that choose a text. */
  readonly text?: string;
  /** Rows and columns that a workgroup makes, and how much of K it takes at a time, where that is not 64. */
  readonly tile: readonly [rows: number, columns: number, k?: number];
  /** Threads of a workgroup; default: one for 16 outputs. */
  readonly threads?: number;
  /** Override constants of the shape; none if the problem is set at run time. */
  readonly constants?: Readonly<Record<string, number>>;
  readonly shapedFor?: Variant<GemmProblem>["shapedFor"];
  readonly runsOn?: (machine: Capabilities) => boolean;
}

/** A unit's texts by their words, such as `row quantize dot4`. */
export type GemmTexts = Readonly<Record<string, string>>;
export type GemmTable = Readonly<Record<string, GemmVariant>>;

/** How the shaders of a unit receive the problem: in a uniform, so that all shapes share a pipeline, or in the pipeline's constants. */
type Told = "params" | "constants";

/** The kernels of one unit, one for each pair of input form and epilogue, with the variants of its table. */
export function gemmKernels(
  name: string,
  texts: GemmTexts,
  table: GemmTable,
  told: Told = "constants",
): GemmKernels {
  const kernel = <E extends Epilogue>(form: InputForm, epilogue: E) =>
    gemmKernel(name, form, epilogue, texts, table, told);
  return {
    groups: { add: kernel("groups", "add"), store: kernel("groups", "store") },
    row: { store: kernel("row", "store"), quantize: kernel("row", "quantize") },
  };
}

/** The kernel of one pair. `accumulate` has no input form, because it reads no scales. */
export function gemmKernel<E extends Epilogue>(
  name: string,
  form: InputForm | undefined,
  epilogue: E,
  texts: GemmTexts,
  table: GemmTable,
  told: Told = "constants",
): GemmKernel<E> {
  const pair = form ? [form, epilogue] : [epilogue];
  const variants = Object.entries(table).filter(
    ([, { tile }]) => epilogue !== "quantize" || tile[1] === GROUP,
  );
  const probed = form && epilogue !== "accumulate";
  return defineKernel<(typeof EPILOGUES)[E], GemmProblem>({
    name: [name, ...pair].join("_"),
    bindings: told === "params" ? { ...EPILOGUES[epilogue], params: "uniform" } : EPILOGUES[epilogue],
    params: told === "params" ? gemmParams : undefined,
    cut: told === "params" ? cutRows : undefined,
    variants: Object.fromEntries(
      variants.map(([key, row]) => {
        const words = [...pair, row.inner, ...(row.text ? [row.text] : [])].join(" ");
        return [key, gemmVariant(epilogue, texts[words], row, told)];
      }),
    ),
    probe: probed ? () => gemmProbe(form, epilogue) : undefined,
    check: checkGemm,
    macs: ({ rows, firstRow = 0, n, k }) => (rows - firstRow) * n * k,
    bytes: ({ rows, n, k }) => rows * k + n * k + rows * n * (epilogue === "quantize" ? 1 : 4),
  });
}

function gemmVariant(
  epilogue: Epilogue,
  wgsl: string,
  { inner, tile, threads, constants, shapedFor, runsOn }: GemmVariant,
  told: Told,
): Variant<GemmProblem> {
  const [rows, columns] = tile;
  return {
    wgsl,
    shapedFor,
    tile,
    threads: threads ?? (rows * columns) / 16,
    inner,
    ...(told === "constants" && {
      constants: (problem) => ({
        ...gemmConstants(epilogue, problem),
        ...constants,
        ...(roundUp(problem.rows, rows) > paddedRows(problem.rows) && { ROWS: problem.rows }),
      }),
    }),
    grid: ({ rows: end, firstRow = 0, n }) => [n / columns, Math.ceil((end - firstRow) / rows)],
    runsOn,
  };
}

/** A multiple of the tiles of the kernels whose problem is set at run time. */
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
function gemmConstants(epilogue: Epilogue, problem: GemmProblem): Record<string, number> {
  const { k, n, activation, rowsPerImage = 1, addendRows = 1 } = problem;
  if (epilogue === "accumulate") return { K: k, N: n };
  if (epilogue === "add") return { K: k, N: n, ROWS_PER_IMAGE: rowsPerImage, ADDEND_ROWS: addendRows };
  return { K: k, N: n, ACTIVATION: activationCode(activation) };
}

/** The channel of the outliers of `gemmProbe`: not in the first word, and not in the first byte of one. */
const PROBED_CHANNEL = 187;

/**
 * Every byte there is against every other: rows 5, k 192, scales that are powers of two, so that floats are exact and
 * `quantize`, with n 64, is at most one step off. Some rows have an outlier where the form has.
 */
export function gemmProbe(form: InputForm, epilogue: Exclude<Epilogue, "accumulate">, n = 64): Probe {
  const problem = { rows: 5, n, k: 192 };
  const { rows, k } = problem;
  const padded = paddedRows(rows);
  const byte = (i: number) => ((i * 37 + (i >> 8)) & 255) - 128;
  const a = Int8Array.from({ length: padded * k }, (_, i) => byte(i));
  const w = Int8Array.from({ length: n * k }, (_, i) => Math.max(-127, byte(i + 5)));
  const bias = Float32Array.from({ length: n }, (_, i) => i - 32);
  const excess = (row: number) => (form === "row" && row < rows ? [0, 3000, 0, -500, 0][row] : 0);
  const y = Float32Array.from({ length: rows * n }, (_, i) => {
    const [row, column] = [Math.floor(i / n), i % n];
    const weight = (j: number) => w[((j >> 4) * n + column) * 16 + (j & 15)];
    let sum = excess(row) * weight(PROBED_CHANNEL);
    for (let j = 0; j < k; j++) sum += a[row * k + j] * weight(j);
    return sum / 64 + bias[column];
  });
  const ones = (length: number) => new Float32Array(length).fill(1);
  const rowScales = Array.from({ length: padded }, (_, row) => [1, excess(row), PROBED_CHANNEL]).flat();
  const a_scale = form === "row" ? Float32Array.from(rowScales) : ones((padded * k) / GROUP);
  const inputs = { a, w, a_scale, w_scale: new Float32Array(n).fill(1 / 64), bias };
  const floats = (expected: Float32Array) => ({ out: { expected, off: 0, byteLength: padded * n * 4 } });
  if (epilogue === "store") return { problem, inputs, outputs: floats(y) };
  if (epilogue === "add")
    return { problem, inputs: { ...inputs, addend: ones(padded * n) }, outputs: floats(y.map((v) => v + 1)) };
  const peaks = Float32Array.from({ length: rows }, (_, row) =>
    y.subarray(row * n, (row + 1) * n).reduce((peak, v) => Math.max(peak, Math.abs(v)), 0),
  );
  const q = Int8Array.from(y, (v, i) => Math.round((v * 127) / peaks[Math.floor(i / n)]));
  return {
    problem,
    inputs,
    outputs: {
      out: { expected: q, off: 1, byteLength: padded * n },
      out_scale: { expected: peaks.map((peak) => peak / 127), off: 1e-4, byteLength: padded * 4 },
    },
  };
}

/** struct Params of lib/gemm.wgsl. */
export function gemmParams({
  rows,
  firstRow = 0,
  k,
  n,
  activation,
  rowsPerImage = 1,
  addendRows = 1,
}: GemmProblem): Uint32Array {
  return Uint32Array.of(k, n, rowsPerImage, addendRows, activationCode(activation), rows, firstRow);
}

export function checkGemm({ rows, n, k }: GemmProblem): void {
  const fits = rows > 0 && n > 0 && k > 0 && n % GROUP === 0 && k % GROUP === 0;
  checkProblem(fits, "gemm", "rows, n and k > 0, n and k multiples of 64", rows, n, k);
}

/** Rows as allocated. */
export function paddedRows(rows: number): number {
  return roundUp(rows, ROW_PADDING);
}
