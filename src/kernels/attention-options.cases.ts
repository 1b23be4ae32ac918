import type { Rng } from "../testing/cases.ts";
import { type NamedProblem, quantizedCases, rowsOf, scalesFrom, zeroPadding } from "./attention.cases.ts";
import { widthOf } from "./attention.ts";
import { attentionOptions } from "./attention-options.ts";
import { sequencesOf, type WideAttentionProblem } from "./attention-wide.ts";
import { GROUP } from "./gemm.ts";

const grid = { width: 6, height: 4 };
const windows = { grid, size: { width: 3, height: 2 }, shift: { width: 0, height: 0 } };
const shifted = { ...windows, shift: { width: 1, height: 1 } };
const across = { ...windows, size: { width: 6, height: 2 }, shift: { width: 0, height: 1 } };
const swin = {
  grid: { width: 14, height: 14 },
  size: { width: 7, height: 7 },
  shift: { width: 3, height: 3 },
};
const whole = { images: 1, tokens: 24, queries: 24, heads: 2, headDim: 32 };

/** Of the kernels with options, in int8 and in f32. */
export const optionProblems: readonly NamedProblem[] = [
  { name: "bias", problem: { ...whole, images: 2, tokens: 67, queries: 67, biasRows: 67 } },
  {
    name: "bias of the first rows",
    problem: { ...whole, tokens: 67, queries: 2, headDim: 64, biasRows: 67 },
  },
  { name: "scale per head", problem: { ...whole, scalePerHead: true } },
  { name: "cosines", problem: { ...whole, headDim: 80, cosine: true, scalePerHead: true, biasRows: 24 } },
  { name: "windows", problem: { ...whole, images: 2, windows } },
  { name: "shifted windows", problem: { ...whole, images: 2, windows: shifted, biasRows: 6 } },
  { name: "shifted down only", problem: { ...whole, windows: across } },
  { name: "causal with bias", problem: { ...whole, tokens: 70, queries: 70, causal: true, biasRows: 70 } },
  {
    name: "Swin v2",
    problem: {
      ...{ images: 1, tokens: 196, queries: 196, heads: 3, headDim: 32, windows: swin, biasRows: 49 },
      ...{ cosine: true, scalePerHead: true },
    },
  },
];

export function optionInputs(p: WideAttentionProblem, rng: Rng) {
  const scales = p.scalePerHead ? rng.f32(p.heads, 1).map((x) => 3 + x) : [];
  const table = rng.f32(p.heads * (p.biasRows ?? 0) * sequencesOf(p).keys, 2);
  // A buffer of nothing cannot be bound.
  return { bias: Float32Array.from([...scales, ...table, 0]) };
}

function quantizedQkv(p: WideAttentionProblem, rng: Rng) {
  const width = 3 * widthOf(p);
  const qkv_scale = scalesFrom(rng, (rowsOf(p) * width) / GROUP);
  return { qkv: zeroPadding(p, rng.i8(rowsOf(p) * width)), qkv_scale, ...optionInputs(p, rng) };
}

export default quantizedCases(attentionOptions, optionProblems, quantizedQkv);
