// Attention of the class token, recomputed on the CPU from Q and K.

import { UnsupportedModelError } from "../errors/errors.ts";
import { GROUP } from "../kernels/gemm.ts";
import { checkOptions } from "../network/attention-options.ts";
import { type Attention, type Grid, headsOf } from "../network/op.ts";
import { columnAt, columnsOf } from "./padding.ts";

/** The attention of the class token. */
export interface AttentionMap {
  /** Patches per row. */
  readonly width: number;
  /** Patches per column. */
  readonly height: number;
  /** Attention of the class token to each patch in the last block, per head: [height, width] f32. Together with the attention to the class tokens, each sums to 1. */
  readonly heads: readonly Float32Array[];
  /** Attention rollout over all blocks: [height, width] f32. Together with the attention to the class tokens, it sums to 1. */
  readonly rollout: Float32Array;
}

/** Q and K of one block as f32: `value(row, column)` with columns [3, heads, headStride]. */
export type ReadQkv = (row: number, column: number) => number;

/** Reader of an int8 qkv tensor with a scale per row and 64 columns, or of an f32 one without scales. */
export function qkvReader(qkv: ArrayBuffer, scale: ArrayBuffer | undefined, width: number): ReadQkv {
  if (!scale) {
    const values = new Float32Array(qkv);
    return (row, column) => values[row * width + column];
  }
  const values = new Int8Array(qkv);
  const scales = new Float32Array(scale);
  return (row, column) => {
    const i = row * width + column;
    return values[i] * scales[Math.floor(i / GROUP)];
  };
}

/** An attention, and its inputs. */
export interface TappedAttention {
  readonly op: Attention;
  readonly read: ReadQkv;
}

/**
 * Rollout: the product over the blocks of (A + I) / 2, with A the mean over the heads (Abnar and Zuidema, "Quantifying
 * Attention Flow in Transformers", 2020, section 3.2), read at the class token.
 * @param layout the grid of the patches, and the rows before it: the class token, then registers
 * @throws UnsupportedModelError for a model without a class token, and for attention that is more than softmax(Q K^T / sqrt(head dim))
 */
export function attentionMap(
  blocks: readonly TappedAttention[],
  { grid, before }: { readonly grid: Grid; readonly before: number },
): AttentionMap {
  for (const { op } of blocks) checkOptions(op, "the attention map", []);
  if (before === 0)
    throw new UnsupportedModelError(
      "attention: expected a model with a class token, got none. Use embed() with tokens to compare patches.",
    );
  const tokens = blocks[0].op.reads[0].rows;
  const patchesOf = (row: Float32Array) => row.slice(before, before + grid.width * grid.height);
  // The class token's row of the product is a vector, so blocks are taken from the last to the first.
  let flow: Float32Array = new Float32Array(tokens);
  flow[0] = 1;
  let heads: Float32Array[] = [];
  for (const [i, block] of [...blocks.entries()].reverse()) {
    const perHead = headsAttention(block);
    if (i === blocks.length - 1) heads = perHead.map((attention) => patchesOf(attention.subarray(0, tokens)));
    flow = flowThrough(perHead, flow, tokens);
  }
  return { ...grid, heads, rollout: patchesOf(flow) };
}

/** row vector times (mean of heads + I) / 2. */
function flowThrough(perHead: readonly Float32Array[], flow: Float32Array, tokens: number): Float32Array {
  const next = flow.map((value) => value / 2);
  for (const attention of perHead)
    for (let query = 0; query < tokens; query++) {
      const weight = flow[query] / (2 * perHead.length);
      if (weight === 0) continue;
      for (let key = 0; key < tokens; key++) next[key] += weight * attention[query * tokens + key];
    }
  return next;
}

/** softmax(Q K^T / sqrt(head dim)) of each head, [tokens, tokens]. */
function headsAttention({ op, read }: TappedAttention): Float32Array[] {
  const { heads, headDim } = headsOf(op);
  const tokens = op.reads[0].rows;
  return Array.from({ length: heads }, (_, head) => {
    const part = (which: number) => {
      const values = new Float32Array(tokens * headDim);
      for (let row = 0; row < tokens; row++)
        for (let d = 0; d < headDim; d++)
          values[row * headDim + d] = read(
            row,
            which * columnsOf(op.out) + columnAt(head * headDim + d, op.out),
          );
      return values;
    };
    return softmaxOfProducts(part(0), part(1), tokens, headDim);
  });
}

function softmaxOfProducts(q: Float32Array, k: Float32Array, tokens: number, headDim: number): Float32Array {
  const attention = new Float32Array(tokens * tokens);
  const scale = 1 / Math.sqrt(headDim);
  for (let query = 0; query < tokens; query++) {
    const row = attention.subarray(query * tokens, (query + 1) * tokens);
    let greatest = Number.NEGATIVE_INFINITY;
    for (let key = 0; key < tokens; key++) {
      let sum = 0;
      for (let d = 0; d < headDim; d++) sum += q[query * headDim + d] * k[key * headDim + d];
      row[key] = sum * scale;
      if (row[key] > greatest) greatest = row[key];
    }
    let mass = 0;
    for (let key = 0; key < tokens; key++) mass += row[key] = Math.exp(row[key] - greatest);
    for (let key = 0; key < tokens; key++) row[key] /= mass;
  }
  return attention;
}
