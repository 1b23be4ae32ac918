import apartWgsl from "../../shaders/attention_float.wgsl?float&apart&wgsl";
import optionsWgsl from "../../shaders/attention_float.wgsl?float&options&wgsl";
import plainWgsl from "../../shaders/attention_float.wgsl?float&wgsl";
import { defineKernel, type Grid, type Variant } from "../gpu/kernel.ts";
import {
  type AttentionProblem,
  attentionBytes,
  attentionGrid,
  attentionMacs,
  attentionParams,
  checkAttention,
} from "./attention.ts";
import { type WideAttentionProblem, wideGrid, wideKernel } from "./attention-wide.ts";

/** Query rows of a workgroup. */
const ROWS = 32;

type GridOf<P> = (problem: P, rows: number) => Grid;
const variant = <P>(wgsl: string, grid: GridOf<P>): Variant<P> => ({
  wgsl,
  grid: (problem) => grid(problem, ROWS),
});
const wide = (wgsl: string) => variant<WideAttentionProblem>(wgsl, wideGrid);
const bytes = (problem: AttentionProblem) => 4 * attentionBytes(problem);

/** f32 in and out, for float32 models. */
export const attentionFloat = defineKernel({
  name: "attention_float",
  bindings: { qkv: "read", out: "write", params: "uniform" },
  variants: { tiled: variant(plainWgsl, attentionGrid) },
  params: attentionParams,
  check: checkAttention,
  macs: attentionMacs,
  bytes,
});

/** With windows, a bias, cosines, or a scale for each head. */
export const attentionFloatOptions = defineKernel({
  name: "attention_float_options",
  bindings: { qkv: "read", bias: "read", out: "write", params: "uniform" },
  variants: { tiled: wide(optionsWgsl) },
  ...wideKernel(true),
  bytes,
});

/** For Q, K and V in three tensors, Q with its own number of rows. */
export const attentionFloatApart = defineKernel({
  name: "attention_float_apart",
  bindings: { q: "read", k: "read", v: "read", out: "write", params: "uniform" },
  variants: { tiled: wide(apartWgsl) },
  ...wideKernel(false),
  bytes,
});
