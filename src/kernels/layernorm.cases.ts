import { ROW_SCALE } from "../quant/outlier.ts";
import type { AnyCases, HostArray, Rng } from "../testing/cases.ts";
import { quantizeRows } from "../testing/reference.ts";
import { paddedRows } from "./gemm.ts";
import { type LayerNormProblem, layernorm, layernormQuantize } from "./layernorm.ts";

const problem = (rows: number, width: number, stride: number): LayerNormProblem => ({
  rows,
  width,
  stride,
  eps: 1e-6,
});

const problems = [
  { name: "one row, narrow", problem: problem(1, 4, 64) },
  { name: "prime rows, padded columns", problem: problem(13, 96, 128) },
  { name: "workgroup - 1", problem: problem(63, 64, 64) },
  { name: "DeiT-Ti", problem: problem(197, 192, 192) },
  { name: "nothing but zeros", problem: problem(2, 64, 64) },
  { name: "ViT-H", problem: problem(9, 1280, 1280) },
  { name: "rows without padding", problem: problem(128, 60, 64) },
  { name: "as wide as a model may be", problem: problem(4, 8188, 8192) },
  { name: "wider than 64 threads keep", problem: problem(4, 2112, 2112) },
];

/**
 * Rows 0 to 2 are hostile: constant, huge with a huge mean, and tiny. Rows 3 to 6 have outliers: in the last channel, in the first and
 * negative, in both and equal, and alone, which is 128 times all others if there are many. The outputs of two rows are all zero.
 */
function inputs({ rows, width, stride }: LayerNormProblem, rng: Rng) {
  const padded = (values: Float32Array, from: number) => values.map((v, i) => (i % stride < from ? v : 0));
  const x = padded(rng.f32(paddedRows(rows) * stride, 3), width);
  const last = width - 1;
  for (let c = 0; c < width; c++) {
    x[c] = 2;
    if (rows > 2) {
      x[stride + c] = x[stride + c] * 1e3 + 1e4;
      x[2 * stride + c] *= 1e-4;
    }
    if (rows > 6) x[6 * stride + c] = Number(c === last);
  }
  if (rows > 5) {
    x[3 * stride + last] = 40;
    x[4 * stride] = -40;
    x[5 * stride] = x[5 * stride + last] = 40;
  }
  const [gamma, beta] = [rng.f32(stride, Number(rows !== 2)), rng.f32(stride, rows === 2 ? 0 : 0.01)];
  gamma[0] = gamma[last] = Number(rows !== 2);
  beta[0] = beta[last];
  return { x, gamma: padded(gamma, width), beta: padded(beta, width) };
}

function reference(
  { rows, width, stride, eps }: LayerNormProblem,
  { x, gamma, beta }: Record<string, HostArray>,
) {
  const y = new Float64Array(rows * stride);
  for (let r = 0; r < rows; r++) {
    const row = x.subarray(r * stride, r * stride + width);
    let mean = 0;
    let variance = 0;
    for (const v of row) mean += v / width;
    for (const v of row) variance += (v - mean) ** 2 / width;
    for (let c = 0; c < width; c++)
      y[r * stride + c] = ((row[c] - mean) / Math.sqrt(variance + eps)) * gamma[c] + beta[c];
  }
  return y;
}

const pad = ({ rows, stride }: LayerNormProblem) => (paddedRows(rows) - rows) * stride;

export default [
  {
    kernel: layernorm,
    problems,
    inputs,
    outputs: (p: LayerNormProblem) => ({ out: { type: "f32", length: p.rows * p.stride, padding: pad(p) } }),
    reference: (p: LayerNormProblem, host: Record<string, HostArray>) => ({ out: reference(p, host) }),
    // The huge row: its mean of 1e4 is off by 1e4 * 2^-23 = 1e-3 against a deviation of 1.7e3.
    tolerance: { out: { abs: 2e-5, rel: 2e-5 } },
  },
  {
    kernel: layernormQuantize,
    problems,
    inputs,
    outputs: (p: LayerNormProblem) => ({
      out: { type: "i8", length: p.rows * p.stride, padding: pad(p) },
      out_scale: {
        type: "f32",
        length: p.rows * ROW_SCALE,
        padding: (paddedRows(p.rows) - p.rows) * ROW_SCALE,
      },
    }),
    reference: (p: LayerNormProblem, host: Record<string, HostArray>) =>
      quantizeRows(reference(p, host), p.stride),
    // A value near a tie may round to either neighbor. Excesses and channels are integers below 2^14, which the bound distinguishes.
    tolerance: { out: { abs: 1, rel: 0 }, out_scale: { abs: 1e-7, rel: 2e-5 } },
  },
] as unknown as AnyCases[];
