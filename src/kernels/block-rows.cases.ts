import { ROW_SCALE } from "../quant/outlier.ts";
import type { AnyCases, HostArray, Rng } from "../testing/cases.ts";
import { type BlockRowsProblem, blockRows } from "./block-rows.ts";
import { gemmCases } from "./gemm.shared.ts";
import { paddedRows } from "./gemm.ts";
import { gemmInt8Direct } from "./gemm-int8-direct.ts";
import layernormCases from "./layernorm.cases.ts";

// Those of the five kernels that it stands for.
const [, add, quantize] = gemmCases(gemmInt8Direct);
const [, norm] = layernormCases;

type Host = Record<string, HostArray>;
const problem = (
  rows: number,
  [k, n, hidden]: readonly [k: number, n: number, hidden: number],
  rest: Partial<BlockRowsProblem> = {},
): BlockRowsProblem => ({ rows, k, n, hidden, width: n, eps: 1e-6, ...rest });

/** As in a model: nothing in the columns from `width` on, and in every fourth row one value far out. */
function inputs({ rows, k, n, hidden, width }: BlockRowsProblem, rng: Rng): Host {
  const proj = add.inputs({ rows, k, n } as never, rng) as Host;
  const fc1 = quantize.inputs({ rows, k: n, n: hidden } as never, rng) as Host;
  const fc2 = add.inputs({ rows, k: hidden, n } as never, rng) as Host;
  const vectors = new Float32Array(8 * n + 2 * hidden);
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
  const x = proj.addend.map((v, i) => {
    const [row, column] = [Math.floor(i / n), i % n];
    return column < width ? v + (row % 4 === 1 && column === width - 1 ? 60 : 0) : 0;
  });
  return { a: proj.a, a_scale: proj.a_scale, x, proj: proj.w, fc1: fc1.w, fc2: fc2.w, vectors };
}

/** The references are f64 throughout; their type speaks of what the host uploads. */
const asHost = (values: Record<string, ArrayLike<number>>) => values as unknown as Host;

function reference({ rows, k, n, hidden, width, eps, activation }: BlockRowsProblem, host: Host) {
  const vector = (i: number) => host.vectors.subarray(i * n, (i + 1) * n);
  const wide = (i: number) => host.vectors.subarray(8 * n + i * hidden, 8 * n + (i + 1) * hidden);
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

  const middle = added({ rows, n, k }, { ...host, w: host.proj, addend: host.x }, 0);
  const norm2 = normed(middle, 2);
  const fc1 = asHost(
    quantize.reference({ rows, n: hidden, k: n, activation } as never, {
      ...{ a: norm2.out, a_scale: norm2.out_scale, w: host.fc1, w_scale: wide(0), bias: wide(1) },
    }),
  );
  const out = added(
    { rows, n, k: hidden },
    { a: fc1.out, a_scale: fc1.out_scale, w: host.fc2, addend: middle },
    4,
  );
  const last = normed(out, 6);
  return { out, norm: last.out, norm_scale: last.out_scale };
}

export default {
  kernel: blockRows,
  problems: [
    { name: "one row", problem: problem(1, [64, 64, 64]) },
    { name: "prime rows, padded columns", problem: problem(17, [128, 64, 128], { width: 48 }) },
    { name: "subgroup's rows + 1", problem: problem(57, [64, 128, 64], { activation: "gelu" }) },
    { name: "DeiT-Ti", problem: problem(197, [192, 192, 768], { activation: "gelu" }) },
    {
      name: "as wide as there is room for",
      problem: problem(3, [64, 384, 128], { activation: "gelu_tanh" }),
    },
  ],
  inputs,
  outputs: ({ rows, n }: BlockRowsProblem) => {
    const padding = paddedRows(rows) - rows;
    return {
      out: { type: "f32", length: rows * n, padding: padding * n },
      norm: { type: "i8", length: rows * n, padding: padding * n },
      norm_scale: { type: "f32", length: rows * ROW_SCALE, padding: padding * ROW_SCALE },
    };
  },
  reference,
  tolerance: {
    // A value near a tie may round to either neighbour: a step of FC1's, 2 / 127 at most, times the greatest weight, 127 * .002.
    out: { abs: 5e-3, rel: 1e-5 },
    norm: { abs: 1, rel: 0 },
    norm_scale: { abs: 1e-6, rel: 1e-3 },
  },
} as unknown as AnyCases;
