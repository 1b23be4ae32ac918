import { ROW_SCALE } from "../quant/outlier.ts";
import type { AnyCases, HostArray, Rng } from "../testing/cases.ts";
import { type BlockRowsProblem, blockRows } from "./block-rows.ts";
import { gemmCases } from "./gemm.shared.ts";
import { type Activation, GROUP, paddedRows } from "./gemm.ts";
import { gemmInt8Direct } from "./gemm-int8-direct.ts";
import layernormCases from "./layernorm.cases.ts";

// Those of the six kernels that it stands for.
const [, add, quantize] = gemmCases(gemmInt8Direct);
const [, norm] = layernormCases;

type Host = Record<string, HostArray>;
const problem = (
  rows: number,
  [k, n, hidden, next]: readonly [k: number, n: number, hidden: number, next: number],
  rest: Partial<BlockRowsProblem> = {},
): BlockRowsProblem => ({ rows, k, n, hidden, next, width: n, eps: 1e-6, ...rest });

/** As in a model: nothing in the columns from `width` on, and in every fourth row one value far out. */
function inputs({ rows, k, n, hidden, next, width }: BlockRowsProblem, rng: Rng): Host {
  const proj = add.inputs({ rows, k, n } as never, rng) as Host;
  const fc1 = quantize.inputs({ rows, k: n, n: hidden } as never, rng) as Host;
  const fc2 = add.inputs({ rows, k: hidden, n } as never, rng) as Host;
  const qkv = quantize.inputs({ rows, k: n, n: next } as never, rng) as Host;
  const vectors = new Float32Array(8 * n + 2 * hidden + 2 * next);
  const narrow = [
    proj.w_scale,
    proj.bias,
    rng.f32(n),
    rng.f32(n),
    fc2.w_scale,
    fc2.bias,
    rng.f32(n),
    rng.f32(n),
  ];
  for (const [i, vector] of narrow.entries()) vectors.set(vector.subarray(0, width), i * n);
  vectors.set(fc1.w_scale, 8 * n);
  vectors.set(fc1.bias, 8 * n + hidden);
  vectors.set(qkv.w_scale, 8 * n + 2 * hidden);
  vectors.set(qkv.bias, 8 * n + 2 * hidden + next);
  const x = proj.addend.map((v, i) => {
    const [row, column] = [Math.floor(i / n), i % n];
    return column < width ? v + (row % 4 === 1 && column === width - 1 ? 60 : 0) : 0;
  });
  const weights = { proj: proj.w, fc1: fc1.w, fc2: fc2.w, qkv: qkv.w };
  return { a: proj.a, a_scale: proj.a_scale, x, ...weights, vectors };
}

/** The references are f64 throughout; their type speaks of what the host uploads. */
const asHost = (values: Record<string, ArrayLike<number>>) => values as unknown as Host;

function reference({ rows, k, n, hidden, next, width, eps, activation }: BlockRowsProblem, host: Host) {
  const vector = (i: number) => host.vectors.subarray(i * n, (i + 1) * n);
  const wide = host.vectors.subarray(8 * n);
  const added = (of: object, buffers: Host, at: number) =>
    asHost(add.reference(of as never, { ...buffers, w_scale: vector(at), bias: vector(at + 1) })).out;
  const normed = (x: HostArray, at: number) =>
    asHost(
      norm.reference({ rows, width, stride: n, eps } as never, {
        x,
        gamma: vector(at),
        beta: vector(at + 1),
      }),
    );

  const widened = (columns: number, a: Host, w: HostArray, vectors: HostArray, by?: Activation) =>
    asHost(
      quantize.reference({ rows, n: columns, k: n, activation: by } as never, {
        ...{ a: a.out, a_scale: a.out_scale, w },
        ...{ w_scale: vectors.subarray(0, columns), bias: vectors.subarray(columns, 2 * columns) },
      }),
    );

  const middle = added({ rows, n, k }, { ...host, w: host.proj, addend: host.x }, 0);
  const norm2 = normed(middle, 2);
  const fc1 = widened(hidden, norm2, host.fc1, wide, activation);
  const out = added(
    { rows, n, k: hidden },
    { a: fc1.out, a_scale: fc1.out_scale, w: host.fc2, addend: middle },
    4,
  );
  const last = normed(out, 6);
  const heads = widened(next, last, host.qkv, wide.subarray(2 * hidden));
  return {
    ...{ out, norm: last.out, norm_scale: last.out_scale },
    ...{ next: heads.out, next_scale: heads.out_scale },
  };
}

export default {
  kernel: blockRows,
  problems: [
    { name: "one row", problem: problem(1, [64, 64, 64, 64]) },
    { name: "prime rows, padded columns", problem: problem(17, [128, 64, 128, 192], { width: 48 }) },
    { name: "subgroup's rows + 1", problem: problem(57, [64, 128, 64, 128], { activation: "gelu" }) },
    { name: "rows that fill their padding", problem: problem(128, [64, 64, 64, 64]) },
    { name: "48 and 56 rows", problem: problem(153, [64, 64, 64, 64]) },
    { name: "DeiT-Ti", problem: problem(197, [192, 192, 768, 576], { activation: "gelu" }) },
    {
      name: "as wide as it may be",
      problem: problem(3, [64, 256, 128, 192], { activation: "gelu_tanh" }),
    },
  ],
  inputs,
  outputs: ({ rows, n, next }: BlockRowsProblem) => {
    const padding = paddedRows(rows) - rows;
    return {
      out: { type: "f32", length: rows * n, padding: padding * n },
      norm: { type: "i8", length: rows * n, padding: padding * n },
      norm_scale: { type: "f32", length: rows * ROW_SCALE, padding: padding * ROW_SCALE },
      next: { type: "i8", length: rows * next, padding: padding * next },
      next_scale: { type: "f32", length: (rows * next) / GROUP, padding: (padding * next) / GROUP },
    };
  },
  reference,
  tolerance: {
    // A value near a tie may round to either neighbour: a step of FC1's, 2 / 127 at most, times the greatest weight, 127 * .002.
    out: { abs: 5e-3, rel: 1e-5 },
    norm: { abs: 1, rel: 0 },
    norm_scale: { abs: 1e-6, rel: 1e-3 },
    // A step of the norm's, which is of 127, is about one of theirs, and their own rounding may be another.
    next: { abs: 2, rel: 0 },
    next_scale: { abs: 1e-6, rel: 2e-2 },
  },
} as unknown as AnyCases;
