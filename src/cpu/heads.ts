// Heads of rows, normalized and rotated, on the CPU.

import { GROUP } from "../kernels/gemm.ts";
import { headStride, type PrepareHeadsProblem } from "../kernels/prepare-heads.ts";
import { quantizeGroups } from "./quantize.ts";

type Operands = Record<"x" | "gamma" | "beta" | "cosine" | "sine", Float32Array>;

export function prepareHeads(
  problem: PrepareHeadsProblem,
  { out, ...operands }: Operands & { readonly out: Float32Array },
): void {
  const { images, rows, heads, headDim, sets } = problem;
  const stride = headStride(headDim);
  const parts = sets.length * heads;
  const head = new Float64Array(headDim);
  for (let i = 0; i < images * rows * parts; i++) {
    const which = Math.floor((i % parts) / heads);
    const { normed, rotated } = sets[which];
    head.set(operands.x.subarray(i * stride, i * stride + headDim));
    if (normed) normalize(problem, head, operands, which * stride);
    const row = Math.floor(i / parts) % rows;
    out.fill(0, i * stride, (i + 1) * stride);
    out.set(rotated ? turned(problem, head, operands, row * stride) : head, i * stride);
  }
}

/** int8 out with a scale for each row and 64 channels. */
export function prepareHeadsQuantize(
  problem: PrepareHeadsProblem,
  arrays: Operands & { readonly out: Int8Array; readonly out_scale: Float32Array },
): void {
  const { images, rows, heads, headDim, sets } = problem;
  const y = new Float32Array(images * rows * heads * sets.length * headStride(headDim));
  prepareHeads(problem, { ...arrays, out: y });
  quantizeGroups(y, GROUP, arrays.out, arrays.out_scale);
}

/** In place. */
function normalize(
  { norm, eps }: PrepareHeadsProblem,
  head: Float64Array,
  { gamma, beta }: Operands,
  table: number,
): void {
  const mean = norm === "layer" ? head.reduce((a, b) => a + b) / head.length : 0;
  const spread = head.reduce((sum, value) => sum + (value - mean) ** 2, 0) / head.length;
  const inverse = 1 / Math.sqrt(spread + eps);
  for (let d = 0; d < head.length; d++)
    head[d] = (head[d] - mean) * inverse * gamma[table + d] + beta[table + d];
}

function turned(
  { pairs }: PrepareHeadsProblem,
  head: Float64Array,
  { cosine, sine }: Operands,
  angles: number,
): Float64Array {
  const half = head.length / 2;
  return head.map((value, d) => {
    const isFirst = pairs === "neighbors" ? d % 2 === 0 : d < half;
    const partner = pairs === "neighbors" ? head[d ^ 1] : head[isFirst ? d + half : d - half];
    return value * cosine[angles + d] + (isFirst ? -partner : partner) * sine[angles + d];
  });
}
