// Converts an operation to the problem of its kernels.

import type { AttentionProblem } from "../kernels/attention.ts";
import type { GemmProblem } from "../kernels/gemm.ts";
import type { LayerNormProblem } from "../kernels/layernorm.ts";
import { type Attention, headsOf, keysOf, type Linear, type Norm } from "../network/op.ts";
import { columnsOf } from "./padding.ts";

/** Name of the addend of a product: a value of the network, or the table. */
export function addendOf({ name, reads: [, addend], table }: Linear): string | undefined {
  return table ? `${name}.table` : addend?.name;
}

export function gemmProblem(
  { reads: [x, addend], out, joined, table, activation }: Linear,
  images: number,
): GemmProblem {
  const problem = { rows: images * out.rows, n: columnsOf(out), k: joined * columnsOf(x) };
  if (table) return { ...problem, rowsPerImage: out.rows, addendRows: 0 };
  // Fewer rows than the addend has: the first ones of each image.
  if (addend && addend.rows !== out.rows)
    return { ...problem, rowsPerImage: out.rows, addendRows: addend.rows };
  return activation ? { ...problem, activation } : problem;
}

export function normProblem({ out, eps }: Norm, images: number): LayerNormProblem {
  return { rows: images * out.rows, width: out.width, stride: columnsOf(out), eps };
}

export function attentionProblem(op: Attention, images: number): AttentionProblem {
  const { reads, out, bias, causal, windows, cosine, scale } = op;
  const [q, k] = reads;
  const tokens = (k ?? q).rows;
  return {
    images,
    tokens,
    queries: out.rows,
    ...headsOf(op),
    ...(k && { queryRows: q.rows }),
    ...(bias && { biasRows: windows ? keysOf(op) : q.rows }),
    ...(causal && { causal }),
    ...(windows && { windows }),
    ...(cosine && { cosine }),
    ...(typeof scale === "number" && { scale }),
    ...(typeof scale === "string" && { scalePerHead: true }),
  };
}
