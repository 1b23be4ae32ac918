// The errors of GELU, softmax and LayerNorm compared with f64 in each form of `nonlinear`: prints the table of docs/numerics.md. The f32
// forms run on this driver; the integer forms are the TypeScript ones, with which the kernels' test cases agree.

import { afterAll, expect, test } from "vitest";
import { openGpu } from "../gpu/gpu.ts";
import type { AnyKernel } from "../gpu/kernel.ts";
import { nodeGpu } from "../node/gpu.ts";
import { exponential, gelu, layerNorm, softmax } from "../quant/nonlinear.ts";
import { type HostArray, seeded } from "../testing/cases.ts";
import { runKernel } from "../testing/run-kernel.ts";
import { attentionFloat } from "./attention-float.ts";
import { paddedRows } from "./gemm.ts";
import { gemmFloatActivate } from "./gemm-float.ts";
import { layernorm } from "./layernorm.ts";

const gpu = await openGpu({ gpu: await nodeGpu() });
const table: string[] = [];
afterAll(() => {
  gpu.destroy();
  const head = ["| operation | form | largest error | mean error |", "| --- | --- | --- | --- |"];
  console.log([gpu.adapter.description || gpu.adapter.architecture, ...head, ...table].join("\n"));
});

/** Adds the errors to the table and checks the largest against its bound. */
function hold(
  operation: string,
  form: string,
  got: ArrayLike<number>,
  exact: ArrayLike<number>,
  bound: number,
) {
  const errors = Array.from(exact, (value, i) => Math.abs(got[i] - value));
  const largest = errors.reduce((a, b) => Math.max(a, b));
  const mean = errors.reduce((a, b) => a + b) / errors.length;
  table.push(`| ${operation} | ${form} | ${largest.toExponential(1)} | ${mean.toExponential(1)} |`);
  expect(largest, `${operation}, ${form}`).toBeLessThan(bound);
}

async function run(kernel: AnyKernel, problem: object, inputs: Record<string, HostArray>, length: number) {
  const [variant] = Object.keys(kernel.variants);
  const outputs = { out: { type: "f32", length, padding: 128 * 1024 } } as const;
  return (await runKernel(gpu, kernel, variant, problem, inputs, outputs)).outputs.out;
}

test("GELU from -8 to 8", async () => {
  // Through a product of zeros, so that a column's bias is the input of the activation.
  const [n, k] = [16_384, 4];
  const bias = Float32Array.from({ length: n }, (_, i) => -8 + (i * 16) / (n - 1));
  const inputs = { a: new Float32Array(paddedRows(1) * k), w: new Float32Array(k * n), bias };
  const onGpu = (activation: string) => run(gemmFloatActivate, { rows: 1, n, k, activation }, inputs, n);
  const exact = Array.from(bias, gelu.exact);
  // x/2 times erf's 1.5e-7, and f32's rounding of values up to 8.
  hold("GELU", "exact", await onGpu("gelu"), exact, 1.5e-6);
  // The tanh form itself is off by 4.7e-4.
  hold("GELU", "fast", await onGpu("gelu_tanh"), exact, 6e-4);
  // I-BERT's polynomial: 0.018; the paper's own figure for its maximum.
  hold("GELU", "ibert", Array.from(bias, gelu.ibert), exact, 0.0185);
  // x sigmoid(1.702 x) itself is off by 0.0203; 1.6875 and the exponential's 6% add to it.
  hold("GELU", "ivit", Array.from(bias, gelu.ivit), exact, 0.03);
});

test("e^x from -16 to 0", () => {
  const xs = Array.from({ length: 16_384 }, (_, i) => (i * -16) / 16_383);
  const exact = xs.map(exponential.exact);
  // The paper's figure for its polynomial is 0.0019, and 15 binary places.
  hold("exponential", "ibert", xs.map(exponential.ibert), exact, 0.0022);
  // 1 - f/2 is up to 0.044 off, and log2 e is taken as 1.4375.
  hold("exponential", "ivit", xs.map(exponential.ivit), exact, 0.05);
});

test("softmax of 64 scores from -8 to 8", async () => {
  const tokens = 64;
  const scores = seeded(3).f32(tokens * tokens, 8);
  // Q = scores sqrt(64), K and V the identity: the output is the probabilities.
  const qkv = new Float32Array(paddedRows(tokens) * 3 * tokens);
  for (let row = 0; row < tokens; row++) {
    for (let c = 0; c < tokens; c++) qkv[row * 3 * tokens + c] = scores[row * tokens + c] * 8;
    for (const part of [1, 2]) qkv[(row * 3 + part) * tokens + row] = 1;
  }
  const problem = { images: 1, tokens, queries: tokens, heads: 1, headDim: 64 };
  const rows = (exp: (x: number) => number) =>
    Array.from({ length: tokens }, (_, row) =>
      softmax([...scores.subarray(row * tokens, (row + 1) * tokens)], exp),
    ).flat();
  const exact = rows(exponential.exact);
  // exp2 of scores within 2^-21 a unit, and sums of 64 terms.
  hold("softmax", "exact, fast", await run(attentionFloat, problem, { qkv }, tokens * tokens), exact, 5e-6);
  // I-BERT's polynomial: 0.002 of the greatest weight.
  hold("softmax", "ibert", rows(exponential.ibert), exact, 0.002);
  // 1 - f/2 is up to 6% above 2^-f.
  hold("softmax", "ivit", rows(exponential.ivit), exact, 0.02);
});

test("LayerNorm of 192 columns, one of them ten times the others", async () => {
  const [rows, width] = [64, 192];
  const x = seeded(5)
    .f32(paddedRows(rows) * width, 3)
    .map((value, i) => (i % width === 7 ? 10 * value : value));
  const [gamma, beta] = [new Float32Array(width).fill(1), new Float32Array(width)];
  const problem = { rows, width, stride: width, eps: 1e-6 };
  const each = (norm: (x: Float32Array) => Float64Array) =>
    Array.from({ length: rows }, (_, row) => [...norm(x.subarray(row * width, (row + 1) * width))]).flat();
  const exact = each(layerNorm.exact);
  // f32's rounding of values up to 10.
  hold(
    "LayerNorm",
    "exact, fast",
    await run(layernorm, problem, { x, gamma, beta }, rows * width),
    exact,
    5e-6,
  );
  // x has 15 bits below the row's peak, its mean is a whole step, the result has 14 binary places.
  hold("LayerNorm", "ibert, ivit", each(layerNorm.integer), exact, 2e-3);
});
