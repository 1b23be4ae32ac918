// Attention with more than Q, K and V of an image's rows in one tensor: windows, a bias, cosines, Q of other rows. Where rows lie, one
// head of one sequence at a time, a sequence being an image or a window of it.

import { checkProblem, type Grid } from "../gpu/kernel.ts";
import {
  type AttentionProblem,
  attentionBytes,
  attentionParams,
  checkAttention,
  groupsPerHead,
  scoreScaleOf,
} from "./attention.ts";

interface Size {
  readonly width: number;
  readonly height: number;
}

/** softmax(scale Q K^T + bias) V. */
export interface WideAttentionProblem extends AttentionProblem {
  /** Rows of Q per image if Q, K and V are three tensors; undefined if they are one. */
  readonly queryRows?: number;
  /** Rows of the bias [heads, rows, keys]; undefined without a bias. */
  readonly biasRows?: number;
  /** The scores' factor is the bias buffer's, one for each head. */
  readonly scalePerHead?: boolean;
  /** The image's grid of tokens, and the windows that it is cut into after a cyclic shift to the left and up. */
  readonly windows?: { readonly grid: Size; readonly size: Size; readonly shift: Size };
  /** Rows of Q and K are divided by their lengths, head by head. */
  readonly cosine?: boolean;
}

/** Keys of a tile: their weights have one unit. */
export const KEY_TILE = 64;

/** Sequences that are computed by themselves, with so many queries and keys each. */
export function sequencesOf({ images, tokens, queries, windows }: WideAttentionProblem) {
  if (!windows) return { sequences: images, queries, keys: tokens };
  const keys = windows.size.width * windows.size.height;
  return { sequences: (images * tokens) / keys, queries: keys, keys };
}

/** The row of all images' rows that is number `i` of a sequence; `rows`: of an image. */
export function rowAt({ windows }: WideAttentionProblem, rows: number, sequence: number, i: number): number {
  if (!windows) return sequence * rows + i;
  const { grid, size, shift } = windows;
  const across = grid.width / size.width;
  const count = across * (grid.height / size.height);
  const window = sequence % count;
  const y = Math.floor(window / across) * size.height + Math.floor(i / size.width) + shift.height;
  const x = (window % across) * size.width + (i % size.width) + shift.width;
  return Math.floor(sequence / count) * rows + (y % grid.height) * grid.width + (x % grid.width);
}

/** Whether a query does not see a key, both by their numbers in the sequence. */
export function isHidden(
  { windows, causal }: WideAttentionProblem,
  sequence: number,
  query: number,
  key: number,
): boolean {
  if (causal && key > query) return true;
  if (!windows) return false;
  const { grid, size, shift } = windows;
  const across = grid.width / size.width;
  const down = grid.height / size.height;
  const window = sequence % (across * down);
  // Positions that the shift has moved from the other side of the grid.
  const wrapped = (i: number) => [
    window % across === across - 1 && (i % size.width) + shift.width >= size.width,
    Math.floor(window / across) === down - 1 && Math.floor(i / size.width) + shift.height >= size.height,
  ];
  const [a, b] = [wrapped(query), wrapped(key)];
  return a[0] !== b[0] || a[1] !== b[1];
}

/** The factor of the scores of a head, in base 2. If each head has its own, they are the first values of `bias`. */
export function headScaleOf(problem: WideAttentionProblem, head: number, bias?: Float32Array): number {
  return problem.scalePerHead ? bias![head] : scoreScaleOf(problem);
}

/** The bias of a score, in base 2; 0 without a bias. */
export function biasOf(
  problem: WideAttentionProblem,
  head: number,
  query: number,
  key: number,
  bias?: Float32Array,
): number {
  const { biasRows, heads, scalePerHead } = problem;
  if (!biasRows) return 0;
  return bias![(scalePerHead ? heads : 0) + (head * biasRows + query) * sequencesOf(problem).keys + key];
}

/** What the kernels of wide attention share; with `options` for one tensor, without them for three. */
export const wideKernel = (options: boolean) => ({
  params: (problem: WideAttentionProblem) => wideParams(problem, options),
  check: checkWide,
  macs: wideMacs,
  bytes: attentionBytes,
});

/** struct Params of lib/attention.wgsl; with `options` all of it. */
function wideParams(problem: WideAttentionProblem, options: boolean): Uint32Array {
  const { tokens, queryRows = tokens, cosine, scalePerHead, biasRows = 0, windows } = problem;
  const { queries, keys } = sequencesOf(problem);
  const plain = attentionParams({ ...problem, tokens: keys, queries });
  if (!options) return Uint32Array.of(...plain, queryRows);
  const { grid, size, shift } = windows ?? NO_WINDOWS;
  const axes = [grid, size, shift].flatMap(({ width, height }) => [width, height]);
  const flags = [cosine, scalePerHead].map(Number);
  return Uint32Array.of(...plain, queryRows, ...flags, biasRows, ...axes);
}

const NOTHING = { width: 0, height: 0 };
const NO_WINDOWS = { grid: NOTHING, size: NOTHING, shift: NOTHING };

/** One workgroup per `rows` query rows, group of 64 channels and sequence. */
export function wideGrid(problem: WideAttentionProblem, rows: number): Grid {
  const { queries, sequences } = sequencesOf(problem);
  return [Math.ceil(queries / rows), problem.heads * groupsPerHead(problem.headDim), sequences];
}

function wideMacs(problem: WideAttentionProblem): number {
  const { sequences, queries, keys } = sequencesOf(problem);
  return 2 * sequences * problem.heads * queries * keys * problem.headDim;
}

/** @throws RangeError */
function checkWide(problem: WideAttentionProblem): void {
  const { tokens, queries, queryRows = tokens } = problem;
  // Q's rows are its own.
  checkAttention({ ...problem, tokens: Math.max(tokens, queryRows) });
  const fits = tokens > 0 && queries <= queryRows;
  checkProblem(fits, "attention", `tokens > 0 and queries <= ${queryRows}`, tokens, queries);
}
