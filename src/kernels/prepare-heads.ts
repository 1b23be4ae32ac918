import quantizeWgsl from "../../shaders/prepare_heads.wgsl?quantize&wgsl";
import floatWgsl from "../../shaders/prepare_heads.wgsl?wgsl";
import { checkProblem, defineKernel } from "../gpu/kernel.ts";
import { roundUp } from "../tensor/round-up.ts";
import { flat } from "./flat.ts";
import { GROUP } from "./gemm.ts";

/** Heads of rows, normalized and rotated. Q, K and V side by side are three sets of heads. */
export interface PrepareHeadsProblem {
  readonly images: number;
  /** For each image. */
  readonly rows: number;
  readonly heads: number;
  /** Channels of a head, a multiple of 8; in memory padded to 64. */
  readonly headDim: number;
  /** The norm and the rotation of the heads of each set. */
  readonly sets: readonly { readonly normed: boolean; readonly rotated: boolean }[];
  /** LayerNorm takes the mean away, RMSNorm does not. */
  readonly norm: "layer" | "rms";
  readonly eps: number;
  /** Which channels are a pair: neighbors, or those half the head apart. */
  readonly pairs: "neighbors" | "halves";
}

/** Channels of a head in memory. */
export const headStride = (headDim: number) => roundUp(headDim, GROUP);

const threads = ({ images, rows, heads, sets }: PrepareHeadsProblem) => images * rows * heads * sets.length;
const values = (problem: PrepareHeadsProblem) => threads(problem) * headStride(problem.headDim);
const bits = (flags: readonly boolean[]) => flags.reduce((mask, flag, i) => mask | (Number(flag) << i), 0);

const shared = {
  params: (problem: PrepareHeadsProblem) => {
    const { rows, heads, headDim, sets, norm, eps, pairs } = problem;
    const params = Uint32Array.of(
      ...[threads(problem), rows, heads, sets.length, headStride(headDim) / 4, headDim],
      ...[bits(sets.map(({ normed }) => normed)), bits(sets.map(({ rotated }) => rotated))],
      ...[Number(norm === "layer"), Number(pairs === "neighbors"), 0],
    );
    new Float32Array(params.buffer)[10] = eps;
    return params;
  },
  check: ({ images, rows, heads, headDim, sets }: PrepareHeadsProblem) => {
    const counts = [images, rows, heads, sets.length, headDim];
    const fits = counts.every((count) => count > 0) && headDim <= 128 && headDim % 8 === 0;
    const expected = "images, rows, heads, sets > 0 and 8 | headDim <= 128";
    checkProblem(fits, "prepare_heads", expected, ...counts);
  },
  macs: (problem: PrepareHeadsProblem) => 4 * values(problem),
} as const;

/** int8 out with a scale per row and 64 channels: what attention reads. */
export const prepareHeadsQuantize = defineKernel({
  name: "prepare_heads_quantize",
  bindings: {
    ...{ x: "read", gamma: "read", beta: "read", cosine: "read", sine: "read" },
    ...{ out: "write", out_scale: "write", params: "uniform" },
  },
  variants: { thread: flat(quantizeWgsl, threads) },
  bytes: (problem) => 5 * values(problem),
  ...shared,
});

/** f32 out. */
export const prepareHeads = defineKernel({
  name: "prepare_heads",
  bindings: {
    ...{ x: "read", gamma: "read", beta: "read", cosine: "read", sine: "read" },
    ...{ out: "write", params: "uniform" },
  },
  variants: { thread: flat(floatWgsl, threads) },
  bytes: (problem) => 8 * values(problem),
  ...shared,
});
