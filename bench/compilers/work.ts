// What one thread of a dispatch has to multiply and to move, tiles' idle rows and columns included.

import type { AnyKernel } from "../../src/gpu/kernel.ts";
import type { Work } from "./trips.ts";

interface Dispatched {
  readonly kernel: AnyKernel;
  readonly variant: string;
  readonly problem: object;
  readonly workgroups: number;
  readonly threads: number;
}

export function workOf({ kernel, variant, problem, workgroups, threads }: Dispatched): Work {
  const all = workgroups * threads;
  const products = productsOf(kernel, variant, problem, workgroups).map((macs) => macs / all);
  return { products, bytes: kernel.bytes(problem) / all };
}

/** Multiply-adds of all threads, product by product. */
function productsOf(kernel: AnyKernel, variant: string, problem: object, workgroups: number): number[] {
  if (isGemm(problem)) return [gemmMacs(kernel, variant, problem)];
  if (isAttention(problem)) return attentionMacs(kernel, variant, problem, workgroups);
  return "classes" in problem ? [kernel.macs(problem)] : [];
}

interface Gemm {
  readonly rows: number;
  readonly n: number;
  readonly k: number;
}

const isGemm = (problem: object): problem is Gemm => "n" in problem && "k" in problem;

function gemmMacs(kernel: AnyKernel, variant: string, problem: Gemm): number {
  const { rows, n, k } = problem;
  const [tileRows, tileColumns] = kernel.variants[variant].tile ?? [1, 1];
  return padded(rows, tileRows) * padded(n, tileColumns) * k;
}

interface Attention {
  readonly images: number;
  readonly tokens: number;
  readonly queries: number;
  readonly heads: number;
  readonly headDim: number;
}

const isAttention = (problem: object): problem is Attention => "tokens" in problem && "headDim" in problem;

/** Scores, then values: of each query of a workgroup, idle ones too. */
function attentionMacs(kernel: AnyKernel, variant: string, problem: Attention, workgroups: number): number[] {
  const { images, tokens, queries, heads, headDim } = problem;
  const { ROWS_PER_WORKGROUP: rows = 1 } = kernel.variants[variant].constants(problem);
  const perHead = Math.max(queries, (rows * workgroups) / (images * heads));
  const macs = images * heads * perHead * tokens * headDim;
  return [macs, macs];
}

const padded = (count: number, tile: number) => Math.ceil(count / tile) * tile;
