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
  const bytes = kernel.bytes(problem) / all;
  const work = ({ products, turns }: Pick<Work, "products" | "turns">) => ({
    products: products.map((macs) => macs / all),
    turns,
    bytes,
  });
  if (isGemm(problem)) return work({ products: [gemmMacs(kernel, variant, problem)] });
  if (isAttention(problem)) return work(attentionWork(kernel, variant, problem, workgroups));
  return work({ products: "classes" in problem ? [kernel.macs(problem)] : [] });
}

interface Gemm {
  readonly rows: number;
  readonly n: number;
  readonly k: number;
}

const isGemm = (problem: object): problem is Gemm => "n" in problem && "k" in problem;

function gemmMacs(kernel: AnyKernel, variant: string, problem: Gemm): number {
  const { rows, n, k } = problem;
  const [tileRows, tileColumns, tileK = 1] = kernel.variants[variant].tile ?? [1, 1];
  return padded(rows, tileRows) * padded(n, tileColumns) * padded(k, tileK);
}

interface Attention {
  readonly images: number;
  readonly tokens: number;
  readonly queries: number;
  readonly heads: number;
  readonly headDim: number;
}

const isAttention = (problem: object): problem is Attention => "tokens" in problem && "headDim" in problem;

/** Channels of a head are padded to so many in memory, and multiplied like that. */
const GROUP = 64;
/** Keys that values are added up of at a time. */
const STEP = 16;

/**
 * Scores, then values, of each query of a workgroup, idle ones too. In tiles of KEYS keys, where the shader has such a constant; and of
 * weights in two planes, where it has them, twice.
 */
function attentionWork(kernel: AnyKernel, variant: string, problem: Attention, workgroups: number) {
  const { images, tokens, queries, heads, headDim } = problem;
  const { wgsl, constants } = kernel.variants[variant];
  const { ROW_THREADS = 0, ROWS_PER_WORKGROUP = 4 * ROW_THREADS } = constants?.(problem) ?? {};
  const keys = Number(/const KEYS: u32 = (\d+)u;/.exec(wgsl)?.[1] ?? 1);
  const planes = /\bPlanes\b/.test(wgsl) ? 2 : 1;
  const perHead = Math.max(queries, (ROWS_PER_WORKGROUP * workgroups) / (images * heads));
  const macsOf = (keys: number) => images * heads * perHead * keys * padded(headDim, GROUP);
  const products = [macsOf(padded(tokens, keys)), planes * macsOf(keys > 1 ? padded(tokens, STEP) : tokens)];
  return { products, turns: keys > 1 ? Math.ceil(tokens / keys) : undefined };
}

const padded = (count: number, tile: number) => Math.ceil(count / tile) * tile;
