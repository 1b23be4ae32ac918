import wgsl from "../../shaders/block_rows.wgsl?wgsl";
import { defineKernel, type Probe } from "../gpu/kernel.ts";
import { ROW_SCALE } from "../quant/outlier.ts";
import { packWeights } from "../quant/pack.ts";
import { ACTIVATIONS, type Activation, GROUP, gemmProbe, paddedRows } from "./gemm.ts";
import { FAR_OUT, knownNorm } from "./gemm-norm.ts";

/** Storage buffers that it binds: more than every adapter has. */
const STORAGE_BUFFERS = 13;
/** Rows of a subgroup of 8, at most. */
const ROWS = 56;
/** Columns of the residual stream: DeiT-Ti's 192 take as long as by five passes, DeiT-S's 384 1.04 times. */
const WIDEST = 256;

/**
 * k columns of attention's output, n of the residual stream, of which `width` are the model's, `hidden` between FC1 and
 * FC2, and `next` of Q, K and V together.
 */
export interface BlockRowsProblem {
  readonly rows: number;
  readonly k: number;
  readonly n: number;
  readonly hidden: number;
  readonly next: number;
  readonly width: number;
  readonly eps: number;
  readonly activation?: Activation;
}

/**
 * From one attention to the next, row by row: x += a proj + bias; out = x + FC2(activation(FC1(LayerNorm(x)))) in f32;
 * `norm`, the LayerNorm of that for the next block, as of `layernormQuantize`; and `next`, that block's Q, K and V, by 64
 * columns. Every product is of int8 as in the six steps that it stands for. `vectors` are w_scale, bias, gamma and beta
 * of the projection and its norm, the same of FC2, [8, n], w_scale and bias of FC1, [2, hidden], and of Q, K and V,
 * [2, next].
 */
export const blockRows = defineKernel({
  name: "block_rows",
  bindings: {
    a: "read",
    a_scale: "read",
    x: "write",
    proj: "read",
    fc1: "read",
    fc2: "read",
    qkv: "read",
    vectors: "read",
    out: "write",
    norm: "write",
    norm_scale: "write",
    next: "write",
    next_scale: "write",
    params: "uniform",
  },
  params: ({ rows, k, n, hidden, next, activation = "none", width, eps }: BlockRowsProblem) =>
    Uint32Array.of(
      ...[rows, k, n, hidden, next, ACTIVATIONS[activation], width],
      ...new Uint32Array(Float32Array.of(eps).buffer),
    ),
  variants: {
    "f32-subgroup8": {
      wgsl,
      shapedFor: "software",
      inner: "f32",
      constants: () => ({}),
      grid: ({ rows }) => [Math.ceil(rows / ROWS)],
      runsOn: ({ subgroupSize, limits }, { n }) =>
        subgroupSize === 8 && n <= WIDEST && limits.maxStorageBuffersPerShaderStage >= STORAGE_BUFFERS,
    },
  },
  probe,
  check: ({ rows, k, n, hidden, next, width }) => {
    const lengths = [k, n, hidden, next];
    const fits = rows > 0 && lengths.every((length) => length > 0 && length % GROUP === 0);
    if (!fits || !(width > 0 && width <= n && width % 4 === 0))
      throw new RangeError(
        `block_rows: rows > 0, 64 | k, n, hidden and next, 4 | width <= n; got ${rows}, ${lengths}, ${width}`,
      );
  },
  macs: ({ rows, k, n, hidden, next, width }) => rows * (n * (k + 2 * hidden + next) + 8 * width),
  bytes: ({ rows, k, n, hidden, next }) =>
    rows * (k + 9 * n + next) + n * (k + 2 * hidden + next) + 32 * n + 8 * (hidden + next),
});

/**
 * The projection is that of the GEMM's known answer, with an outlier in the first row. FC1 hands on the norm's channels in
 * another order, so that its int8 is known too, and so does FC2, to half of the columns; Q, K and V are the last norm.
 */
function probe(): Probe {
  const { rows, n, k, hidden, next } = { rows: 5, n: 128, k: 192, hidden: 128, next: 128 };
  const { inputs, outputs } = gemmProbe("add", n);
  const { a, a_scale, w: proj } = inputs;
  const x = (inputs.addend as Float32Array).slice();
  const middle = (outputs.out.expected as Float32Array).slice();
  for (const values of [x, middle]) values[n - 2] += FAR_OUT;

  const first = knownNorm(middle, n);
  const from = (column: number) => (column * 5 + 3) % n;
  /** 64 columns of what a norm's row is widened to, in int8: its outlier's excess counts. */
  const widened = ({ norm, scales }: ReturnType<typeof knownNorm>, row: number, column: number) => {
    const [scale, excess, far] = scales.subarray(row * ROW_SCALE);
    const values = Array.from({ length: GROUP }, (_, i) => {
      const channel = from(column + i);
      return (norm[row * n + channel] + (excess !== 0 && channel === far ? excess : 0)) * scale;
    });
    const step = Math.max(...values.map(Math.abs)) / 127;
    return { step, int8: values.map((value) => Math.round(value / step)) };
  };
  const out = middle.map((value, i) => {
    const [row, column] = [Math.floor(i / n), i % n];
    if (column >= hidden / 2) return value;
    const { step, int8 } = widened(first, row, 0);
    return value + int8[column] * step;
  });
  const last = knownNorm(out, n);
  const groups = Array.from({ length: (rows * next) / GROUP }, (_, i) => {
    const first = i * GROUP;
    return widened(last, Math.floor(first / next), first % next);
  });

  const fc1 = new Int8Array(hidden * n);
  const fc2 = new Int8Array(n * hidden);
  for (let h = 0; h < hidden; h++) fc1[h * n + from(h)] = 1;
  for (let column = 0; column < hidden / 2; column++) fc2[column * hidden + column] = 1;
  const fill = (value: number, length = n) => new Float32Array(length).fill(value);
  const norms = [fill(1), fill(0.5)];
  const parts = [
    inputs.w_scale,
    inputs.bias,
    ...norms,
    fill(1),
    fill(0),
    ...norms,
    fill(1, hidden),
    fill(0, hidden),
    fill(1, next),
    fill(0, next),
  ];
  const padded = paddedRows(rows);
  return {
    problem: { rows, k, n, hidden, next, width: n, eps: 1e-6 },
    inputs: {
      ...{ a, a_scale, x, proj },
      fc1: packWeights(fc1, hidden, n),
      fc2: packWeights(fc2, n, hidden),
      qkv: packWeights(fc1, next, n),
      vectors: Float32Array.from(parts.flatMap((part) => [...part])),
    },
    outputs: {
      // Two neighbouring steps of the row with the outlier are .1 apart, and one of them may be rounded to the other.
      out: { expected: out, off: 0.2, byteLength: padded * n * 4 },
      norm: { expected: last.norm, off: 1, byteLength: padded * n },
      norm_scale: { expected: last.scales, off: 1e-3, byteLength: padded * ROW_SCALE * 4 },
      next: {
        expected: Int8Array.from(groups.flatMap(({ int8 }) => int8)),
        off: 2,
        byteLength: padded * next,
      },
      next_scale: {
        expected: Float32Array.from(groups, ({ step }) => step),
        off: 1e-3,
        byteLength: (padded * next * 4) / GROUP,
      },
    },
  };
}
