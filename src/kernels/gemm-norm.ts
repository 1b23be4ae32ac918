// What every GEMM with a LayerNorm behind it is told: problem, bindings and probe. The shaders differ in how they walk K.

import { defineKernel, type Probe, type Variant } from "../gpu/kernel.ts";
import { limitOf, ROW_SCALE } from "../quant/outlier.ts";
import { checkGemm, type GemmProblem, GROUP, gemmParams, gemmProbe, paddedRows } from "./gemm.ts";

/** n is the stride of the LayerNorm, `width` of its columns are the model's. */
export interface GemmNormProblem extends GemmProblem {
  readonly width: number;
  readonly eps: number;
}

/**
 * out = a w + bias + addend in f32, and its LayerNorm in int8 as of `layernormQuantize`: projection or FC2 and the norm behind it
 * in one pass, for a workgroup makes whole rows. `vectors` are w_scale, bias, gamma and beta, [4, n]: storage buffers are eight.
 */
export function gemmNormKernel(name: string, variants: Readonly<Record<string, Variant<GemmNormProblem>>>) {
  return defineKernel({
    name,
    bindings: {
      a: "read",
      w: "read",
      a_scale: "read",
      vectors: "read",
      addend: "read",
      out: "write",
      norm: "write",
      norm_scale: "write",
      params: "uniform",
    },
    params: (problem: GemmNormProblem) =>
      Uint32Array.of(
        ...gemmParams(problem),
        problem.width,
        ...new Uint32Array(Float32Array.of(problem.eps).buffer),
      ),
    variants,
    probe: normProbe,
    check: (problem) => {
      checkGemm(problem);
      const { width, n } = problem;
      if (!(width > 0 && width <= n && width % 4 === 0))
        throw new RangeError(`${name}: 4 | width <= n, above 0; got ${width}, ${n}`);
    },
    macs: ({ rows, n, k, width }) => rows * n * k + 4 * rows * width,
    bytes: ({ rows, n, k }) => rows * k + n * k + rows * n * 9 + 16 * n,
  });
}

/** Rows of a tile of four by four outputs a thread, walked over all columns. */
export function normTile(
  wgsl: string,
  rows: number,
  inner: "dot4" | "f32",
  shapedFor: "gpu" | "software",
): Variant<GemmNormProblem> {
  return {
    wgsl,
    shapedFor,
    inner,
    tile: [rows, GROUP],
    constants: () => ({ ROW_THREADS: rows / 4 }),
    grid: rowGrid(rows),
    runsOn: ({ language }) => inner === "f32" || language.has("packed_4x8_integer_dot_product"),
  };
}

/** One workgroup for so many rows. */
export const rowGrid =
  (rowsPerWorkgroup: number): Variant<GemmNormProblem>["grid"] =>
  ({ rows }) => [1, Math.ceil(rows / rowsPerWorkgroup)];

/** What makes an outlier of a value of a known answer. */
export const FAR_OUT = 45_000;

/** That of the GEMM over two tiles of columns, with an outlier in the first row. */
function normProbe(): Probe {
  const { rows, n, k } = { rows: 5, n: 128, k: 192 };
  const { inputs, outputs } = gemmProbe("add", n);
  const { a, w, a_scale, addend, w_scale, bias } = inputs;
  const vectors = new Float32Array(4 * n);
  vectors.set(w_scale);
  vectors.set(bias, n);
  vectors.fill(1, 2 * n, 3 * n);
  vectors.fill(0.5, 3 * n);
  const x = outputs.out.expected as Float32Array;
  for (const values of [addend as Float32Array, x]) values[n - 2] += FAR_OUT;
  const { norm, scales } = knownNorm(x, n);
  const padded = paddedRows(rows);
  return {
    problem: { rows, n, k, width: n, eps: 1e-6 },
    inputs: { a, w, a_scale, vectors, addend },
    outputs: {
      out: outputs.out,
      norm: { expected: norm, off: 1, byteLength: padded * n },
      norm_scale: { expected: scales, off: 1e-4, byteLength: padded * ROW_SCALE * 4 },
    },
  };
}

/** The LayerNorm of rows of n, gamma 1 and beta 1/2, in int8 with what goes with each row. */
export function knownNorm(x: Float32Array, n: number): { norm: Int8Array; scales: Float32Array } {
  const rows = x.length / n;
  const norm = new Int8Array(x.length);
  const scales = new Float32Array(rows * ROW_SCALE);
  for (let row = 0; row < rows; row++) {
    const own = x.subarray(row * n, (row + 1) * n);
    const mean = own.reduce((sum, v) => sum + v / n, 0);
    const deviation = Math.sqrt(own.reduce((sum, v) => sum + (v - mean) ** 2 / n, 0));
    const y = own.map((v) => (v - mean) / deviation + 0.5);
    const scale = limitOf(y) / 127;
    const steps = y.map((v) => Math.round(v / scale));
    const far = steps.findIndex((v) => Math.abs(v) > 127);
    norm.set(
      steps.map((v) => Math.max(-127, Math.min(127, v))),
      row * n,
    );
    scales.set(far < 0 ? [scale] : [scale, steps[far] - norm[row * n + far], far], row * ROW_SCALE);
  }
  return { norm, scales };
}
