import type { AnyCases, HostArray, Rng } from "../testing/cases.ts";
import { quantizeGroups } from "../testing/reference.ts";
import { GROUP } from "./gemm.ts";
import { headStride, type PrepareHeadsProblem, prepareHeads, prepareHeadsQuantize } from "./prepare-heads.ts";

const set = (normed: boolean, rotated: boolean) => ({ normed, rotated });
const QKV = (normed: boolean, rotated: boolean) => [
  set(normed, rotated),
  set(normed, rotated),
  set(false, false),
];

const problem = (images: number, rows: number, more: Partial<PrepareHeadsProblem>): PrepareHeadsProblem => ({
  ...{
    images,
    rows,
    heads: 2,
    headDim: 64,
    sets: QKV(true, true),
    norm: "layer",
    eps: 1e-6,
    pairs: "halves",
  },
  ...more,
});

const problems = [
  { name: "one row", problem: problem(1, 1, { heads: 1, sets: [set(true, false)] }) },
  { name: "QK norm, head dim 72", problem: problem(2, 5, { headDim: 72, sets: QKV(true, false) }) },
  { name: "DINOv3", problem: problem(1, 13, { sets: QKV(false, true) }) },
  { name: "EVA-02", problem: problem(3, 7, { sets: QKV(false, true), headDim: 24, pairs: "neighbors" }) },
  { name: "both, RMSNorm", problem: problem(1, 65, { norm: "rms", eps: 1e-5, headDim: 80 }) },
  { name: "Q alone", problem: problem(2, 3, { sets: [set(true, true)], pairs: "neighbors" }) },
];

const partsOf = ({ sets, heads }: PrepareHeadsProblem) => sets.length * heads;
const lengthOf = (p: PrepareHeadsProblem) => p.images * p.rows * partsOf(p) * headStride(p.headDim);

function inputs(p: PrepareHeadsProblem, rng: Rng) {
  const { headDim, sets, rows } = p;
  const stride = headStride(headDim);
  const padded = (values: Float32Array) => values.map((v, i) => (i % stride < headDim ? v : 0));
  const angles = rng.f32(rows * stride, 3);
  return {
    x: padded(rng.f32(lengthOf(p), 3)),
    gamma: padded(rng.f32(sets.length * stride, 0.5).map((v) => v + 1)),
    beta: padded(rng.f32(sets.length * stride, 0.3)),
    // Not of one angle: each table is read by itself.
    cosine: padded(angles.map(Math.cos)),
    sine: padded(angles.map((v) => Math.sin(v * 1.3))),
  };
}

function reference(p: PrepareHeadsProblem, host: Record<string, HostArray>): Float64Array {
  const { rows, heads, headDim, sets, norm, eps, pairs } = p;
  const stride = headStride(headDim);
  const out = new Float64Array(lengthOf(p));
  for (let i = 0; i < out.length / stride; i++) {
    const which = Math.floor((i % partsOf(p)) / heads);
    const row = Math.floor(i / partsOf(p)) % rows;
    const { normed, rotated } = sets[which];
    let y = Array.from(host.x.subarray(i * stride, i * stride + headDim));
    if (normed) {
      const mean = norm === "layer" ? y.reduce((a, b) => a + b) / headDim : 0;
      const spread = y.reduce((sum, v) => sum + (v - mean) ** 2, 0) / headDim;
      y = y.map(
        (v, d) =>
          ((v - mean) / Math.sqrt(spread + eps)) * host.gamma[which * stride + d] +
          host.beta[which * stride + d],
      );
    }
    for (let d = 0; d < headDim; d++) {
      const [first, other] =
        pairs === "neighbors" ? [d % 2 === 0, d ^ 1] : [d < headDim / 2, (d + headDim / 2) % headDim];
      const [cos, sin] = [host.cosine[row * stride + d], host.sine[row * stride + d]];
      out[i * stride + d] = rotated ? y[d] * cos + (first ? -y[other] : y[other]) * sin : y[d];
    }
  }
  return out;
}

export default [
  {
    kernel: prepareHeads,
    problems,
    inputs,
    outputs: (p: PrepareHeadsProblem) => ({ out: { type: "f32", length: lengthOf(p) } }),
    reference: (p: PrepareHeadsProblem, host: Record<string, HostArray>) => ({ out: reference(p, host) }),
    // Sums of 80 values below 9 in f32, and an inverse square root within 2^-22.
    tolerance: { out: { abs: 5e-6, rel: 5e-6 } },
  },
  {
    kernel: prepareHeadsQuantize,
    problems,
    inputs,
    outputs: (p: PrepareHeadsProblem) => ({
      out: { type: "i8", length: lengthOf(p) },
      out_scale: { type: "f32", length: lengthOf(p) / GROUP },
    }),
    reference: (p: PrepareHeadsProblem, host: Record<string, HostArray>) =>
      quantizeGroups(reference(p, host)),
    // A value near a tie may round to either neighbor.
    tolerance: { out: { abs: 1, rel: 0 }, out_scale: { abs: 1e-7, rel: 2e-5 } },
  },
] as unknown as AnyCases[];
