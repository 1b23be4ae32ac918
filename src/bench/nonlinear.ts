// How far GELU, softmax and LayerNorm are from f64 over their inputs: f32 as this GPU computes it, and the other forms as numbers.

import type { Gpu } from "../gpu/gpu.ts";
import { attentionFloat } from "../kernels/attention-float.ts";
import { paddedRows } from "../kernels/gemm.ts";
import { gemmFloatActivate } from "../kernels/gemm-float.ts";
import { layernorm } from "../kernels/layernorm.ts";
import { exponential, gelu, layerNorm, softmax } from "../quant/nonlinear.ts";
import { seeded } from "../testing/cases.ts";
import { runKernel } from "../testing/run-kernel.ts";
import { largestDifference } from "./score.ts";

export interface ErrorCurve {
  readonly operation: "GELU" | "softmax" | "LayerNorm";
  /** The range of x. */
  readonly over: string;
  /** `f32, this GPU`, or a form of `nonlinear`, with which kernels agree bit for bit in the tests. */
  readonly form: string;
  /** |got - f64| at each x; of LayerNorm the largest of a row. */
  readonly points: readonly { readonly x: number; readonly error: number }[];
}

const ON_GPU = "f32, this GPU";
const POINTS = 128;

export async function errorCurves(gpu: Gpu): Promise<ErrorCurve[]> {
  return [...(await geluCurves(gpu)), ...(await softmaxCurves(gpu)), ...(await layerNormCurves(gpu))];
}

async function geluCurves(gpu: Gpu): Promise<ErrorCurve[]> {
  const xs = Float32Array.from({ length: POINTS }, (_, i) => -8 + (16 * i) / (POINTS - 1));
  const curve = (form: string, got: ArrayLike<number>) =>
    curveOf({ operation: "GELU", over: "x", form }, xs, Array.from(xs, gelu.exact), got);
  return [
    curve(ON_GPU, await geluOnGpu(gpu, xs)),
    ...(["fast", "ibert", "ivit"] as const).map((form) => curve(form, Array.from(xs, gelu[form]))),
  ];
}

/** With weights of zero, only the bias is left, which is x. */
async function geluOnGpu(gpu: Gpu, xs: Float32Array): Promise<ArrayLike<number>> {
  const [rows, k, n] = [paddedRows(1), 64, xs.length];
  const problem = { rows: 1, n, k, activation: "gelu" } as const;
  const inputs = { a: new Float32Array(rows * k), w: new Float32Array(k * n), bias: xs };
  const out = { type: "f32", length: n, padding: (rows - 1) * n } as const;
  const variant = first(gemmFloatActivate);
  return (await runKernel(gpu, gemmFloatActivate, variant, problem, inputs, { out })).outputs.out;
}

/** For two keys with scores 0 and x: the weight of the second, e^x / (1 + e^x). */
async function softmaxCurves(gpu: Gpu): Promise<ErrorCurve[]> {
  const xs = Float32Array.from({ length: POINTS }, (_, i) => -16 + (16 * i) / (POINTS - 1));
  const weights = (exp: (x: number) => number) => Array.from(xs, (x) => softmax([0, x], exp)[1]);
  const curve = (form: string, got: ArrayLike<number>) =>
    curveOf(
      { operation: "softmax", over: "score below the greatest", form },
      xs,
      weights(exponential.exact),
      got,
    );
  return [
    curve(ON_GPU, await softmaxOnGpu(gpu, xs)),
    ...(["ibert", "ivit"] as const).map((form) => curve(form, weights(exponential[form]))),
  ];
}

/** An image of two tokens for each x; one query. Only channel 0 is used, and V is 0 and 1. */
async function softmaxOnGpu(gpu: Gpu, xs: Float32Array): Promise<ArrayLike<number>> {
  const [headDim, images] = [64, xs.length];
  const problem = { images, tokens: 2, queries: 1, heads: 1, headDim };
  const qkv = new Float32Array(paddedRows(2 * images) * 3 * headDim);
  xs.forEach((x, i) => {
    const [one, other] = [2 * i * 3 * headDim, (2 * i + 1) * 3 * headDim];
    qkv[one] = x * Math.sqrt(headDim);
    qkv[other + headDim] = 1;
    qkv[other + 2 * headDim] = 1;
  });
  const out = { type: "f32", length: images * headDim } as const;
  const { outputs } = await runKernel(gpu, attentionFloat, first(attentionFloat), problem, { qkv }, { out });
  return Float32Array.from(xs, (_, i) => outputs.out[i * headDim]);
}

const WIDTH = 192;

/** Rows of deviation 1 around a mean that grows: what subtracting it costs. */
async function layerNormCurves(gpu: Gpu): Promise<ErrorCurve[]> {
  const noise = seeded(5).f32(WIDTH, Math.sqrt(3));
  const means = Float32Array.from({ length: 64 }, (_, i) => 2 ** (i / 6));
  const rows = Array.from(means, (mean) => noise.map((x) => x + mean));
  const exact = rows.map(layerNorm.exact);
  const curve = (form: string, got: readonly ArrayLike<number>[]): ErrorCurve => ({
    operation: "LayerNorm",
    over: "mean of a row, in deviations",
    form,
    points: Array.from(means, (x, r) => ({ x, error: largestDifference(got[r], exact[r]) })),
  });
  return [curve(ON_GPU, await layerNormOnGpu(gpu, rows)), curve("ibert, ivit", rows.map(layerNorm.integer))];
}

async function layerNormOnGpu(gpu: Gpu, rows: readonly Float32Array[]): Promise<ArrayLike<number>[]> {
  const problem = { rows: rows.length, width: WIDTH, stride: WIDTH, eps: 1e-6 };
  const x = new Float32Array(paddedRows(rows.length) * WIDTH);
  rows.forEach((row, r) => {
    x.set(row, r * WIDTH);
  });
  const inputs = { x, gamma: new Float32Array(WIDTH).fill(1), beta: new Float32Array(WIDTH) };
  const padding = (paddedRows(rows.length) - rows.length) * WIDTH;
  const out = { type: "f32", length: rows.length * WIDTH, padding } as const;
  const { outputs } = await runKernel(gpu, layernorm, first(layernorm), problem, inputs, { out });
  return rows.map((_, r) => outputs.out.subarray(r * WIDTH, (r + 1) * WIDTH));
}

const first = ({ variants }: { readonly variants: object }) => Object.keys(variants)[0];

function curveOf(
  what: Omit<ErrorCurve, "points">,
  xs: Float32Array,
  exact: ArrayLike<number>,
  got: ArrayLike<number>,
): ErrorCurve {
  return { ...what, points: Array.from(xs, (x, i) => ({ x, error: Math.abs(got[i] - exact[i]) })) };
}
