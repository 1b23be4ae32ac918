// A network as a list of operations: a family writes it, and the code that computes, counts or stores a model interprets it.

import type { Activation, EpilogueActivation } from "../tensor/activation.ts";

/** `rows` of one image and `width` columns, which are `parts` equal pieces side by side: heads, or colors of a pixel. */
export interface Value {
  readonly name: string;
  readonly rows: number;
  readonly width: number;
  readonly parts: number;
}

interface Operation<Kind extends string, Reads extends readonly Value[]> {
  readonly kind: Kind;
  /** For example `blocks.3.fc1`; the part after the last dot is its role in each block. */
  readonly name: string;
  readonly reads: Reads;
  readonly out: Value;
}

/** The image, cut into squares; of the rows of `out` the first `first` are left empty, and those behind the squares. */
export interface Patches extends Operation<"patches", readonly []> {
  readonly first: number;
  /** Squares across and down. */
  readonly grid: Grid;
}

export interface Grid {
  readonly width: number;
  readonly height: number;
}

/** A weight [out, in], its position in the stacked one, and its bias. */
export interface Source {
  /** Names `<stem>.weight` and `<stem>.bias`. */
  readonly stem: string;
  readonly firstRow: number;
  readonly firstColumn: number;
  /** Shape in a checkpoint. */
  readonly shape: readonly number[];
  readonly bias: boolean;
}

/** Rows of the embedding that begin alike: the patches, or a parameter's rows. */
export interface Segment {
  readonly rows: number;
  /** The parameter that these rows are; absent: the patches. */
  readonly learnt?: string;
  /** Tables that are added, each from its row `first` on. */
  readonly added: readonly AddedTable[];
}

export interface AddedTable {
  readonly table: string;
  readonly first: number;
  /** How a table of another grid is fitted. */
  readonly antialias: boolean;
}

/** The addends of the patches' product, row by row, including learned rows. */
export interface Table {
  readonly segments: readonly Segment[];
  readonly grid: Grid;
}

/** x weight^T + bias. A family writes no more; `fuse` and the like put the operations behind it into it. */
export interface Linear extends Operation<"linear", readonly [x: Value, ...addend: readonly Value[]]> {
  readonly sources: readonly Source[];
  /** Rows of x that are one row of the product, side by side. */
  readonly joined: number;
  readonly activation?: EpilogueActivation;
  /** Channel by channel, before the addend is added. */
  readonly scale?: string;
  readonly table?: Table;
}

/** LayerNorm, with the weight and bias of its name. */
export interface Norm extends Operation<"norm", readonly [x: Value]> {
  readonly eps: number;
}

/** What an attention computes in addition to softmax(Q K^T / sqrt(head dim)) V. */
export interface AttentionOptions {
  /** Name of a parameter [heads, queries, keys] that is added to the scores; with windows [heads, window, window]. */
  readonly bias?: string;
  /** A query sees no key behind its own row. */
  readonly causal?: boolean;
  /** A query sees the keys of its own window only. */
  readonly windows?: Windows;
  /** Q and K are divided by their lengths, head by head: scores are cosines. */
  readonly cosine?: boolean;
  /** The factor of the scores: a number, default 1 / sqrt(head dim), or the name of a parameter [heads]. */
  readonly scale?: number | string;
}

/**
 * A grid of tokens, row by row, cut into windows of `size` after it was shifted cyclically by `shift` to the left and up (Liu et
 * al., "Swin Transformer", 2021, section 3.2). Of a window that a border crosses, both sides are masked from each other.
 */
export interface Windows {
  readonly grid: Grid;
  /** Divides the grid. */
  readonly size: Grid;
  readonly shift: Grid;
}

/** softmax(scale Q K^T + bias) V; in one tensor, Q, K and V are side by side. */
export type Attention = Operation<
  "attention",
  readonly [q: Value, k: Value, v: Value] | readonly [qkv: Value]
> &
  AttentionOptions;

export interface Activate extends Operation<"activation", readonly [x: Value]> {
  readonly activation: Activation;
}

/** x + scale y, channel by channel. */
export interface Add extends Operation<"add", readonly [x: Value, y: Value]> {
  readonly scale?: string;
}

/** A parameter's rows as stored in a checkpoint. */
export interface Learnt {
  readonly name: string;
  readonly rows: number;
  /** Default [1, rows, width]. */
  readonly shape?: readonly number[];
}

/** Learned rows put between those of x, before row `at`. */
export interface Tokens extends Operation<"tokens", readonly [x: Value]> {
  readonly tokens: readonly Learnt[];
  readonly at: number;
}

/** x + table on `count` rows from `first` on. */
export interface AddTable extends Operation<"table", readonly [x: Value]> {
  readonly table: string;
  readonly shape: readonly number[];
  readonly first: number;
  readonly count: number;
  /** How a table of another grid is fitted. */
  readonly antialias: boolean;
}

/** Learned rows alone, the same for every image. */
export interface LearntRows extends Operation<"learnt", readonly []> {
  readonly learnt: Learnt;
}

/**
 * Rows of two tables, added: one for each token of a text, from `<name>.weight` [words, width], and one for its place, from
 * `positions` [places, width]. The tables stay with the host, which writes the sums.
 */
export interface Lookup extends Operation<"lookup", readonly []> {
  readonly words: number;
  readonly places: number;
}

/** Rows of x by their number, -1 for zeros; `pieces` of them are one row of the result, side by side. */
export interface Gather extends Operation<"gather", readonly [x: Value]> {
  /** [rows, pieces] */
  readonly index: readonly number[];
  readonly pieces: number;
}

/** The mean of `count` rows from `first` on, as one row. */
export interface Pool extends Operation<"pool", readonly [x: Value]> {
  readonly first: number;
  readonly count: number;
}

/** x and y side by side. */
export type Concat = Operation<"concat", readonly [x: Value, y: Value]>;

/** activation(x) y, value by value. */
export interface Gate extends Operation<"gate", readonly [x: Value, y: Value]> {
  readonly activation: Activation;
}

/** What is applied to each head of Q, K or V before attention reads it. */
export interface HeadSet {
  /** Over the channels of a head, with the weight [head dim] of this name, and for `layer` a bias. */
  readonly norm?: HeadNorm & { readonly name: string };
  readonly rotation?: Rotation;
}

export interface HeadNorm {
  readonly kind: "layer" | "rms";
  readonly eps: number;
}

/** Rotary positions: each pair of channels turned by an angle of its own; rows without positions have a cosine of 1. */
export interface Rotation {
  /** [rows, head dim] each. */
  readonly tables: () => { readonly cosine: Float32Array; readonly sine: Float32Array };
  /** Which channels are a pair: neighbors, or those half the head apart. */
  readonly pairs: "neighbors" | "halves";
}

/** Heads normalized and rotated; of Q, K and V side by side there are three sets. */
export interface Heads extends Operation<"heads", readonly [x: Value]> {
  readonly sets: readonly HeadSet[];
}

/** The mean of values of one shape. */
export type Mean = Operation<"mean", readonly Value[]>;

/** The operations that a family writes. */
export type Op = FusedOp | Tokens | Mean;
/** The operations after fusing: every step that runs is one of these. */
export type FusedOp =
  | PlainOp
  | Heads
  | Gather
  | Pool
  | Concat
  | Gate
  | Activate
  | Add
  | AddTable
  | LearntRows
  | Lookup;
/** All that a ViT with a class token needs, which is in the core; the others are fetched when a network has them. */
export type PlainOp = Patches | Linear | Norm | Attention;

/** A parameter that is not in any checkpoint: derived from others at load. */
export interface Derived {
  readonly name: string;
  readonly shape: readonly number[];
  /** The parameters that it is derived from, by name, in the shapes of a checkpoint. */
  readonly from: Readonly<Record<string, readonly number[]>>;
  readonly make: (values: Readonly<Record<string, Float32Array>>) => Float32Array;
}

export interface Network<O extends Op = Op> {
  readonly ops: readonly O[];
  /** `embedding`, and with a head `logits`. Each is computed for as many rows as its value has. */
  readonly outputs: Readonly<Record<string, Value>>;
  /** Of the network as the family wrote it; a rewritten network has none. */
  readonly derived?: readonly Derived[];
}

/** A function for each kind of operation: one that is left out does not compile. */
export type Interpreter<O extends Op, Arguments extends unknown[], Result> = {
  readonly [Kind in O["kind"]]: (op: Extract<O, { kind: Kind }>, ...rest: Arguments) => Result;
};

export function interpret<O extends Op, Arguments extends unknown[], Result>(
  by: Interpreter<O, Arguments, Result>,
  op: O,
  ...rest: Arguments
): Result {
  return by[op.kind as O["kind"]](op as never, ...rest);
}

/** The part of a name after the last dot: what an operation is in each block. */
export const kindOf = (name: string) => name.slice(name.lastIndexOf(".") + 1);

/** Rows of keys that each query meets. */
export function keysOf({ reads, windows }: Attention): number {
  return windows ? windows.size.width * windows.size.height : (reads[1] ?? reads[0]).rows;
}

/** Heads of an attention, and the channels of each. */
export function headsOf({ out }: Attention): { heads: number; headDim: number } {
  return { heads: out.parts, headDim: out.width / out.parts };
}
