// A network as a list of operations: a family writes it, and whatever computes, counts or stores a model interprets it.

import type { Activation } from "../tensor/activation.ts";

/** `rows` of one picture and `width` columns, which are `parts` equal pieces side by side: heads, or colours of a pixel. */
export interface Value {
  readonly name: string;
  readonly rows: number;
  readonly width: number;
  readonly parts: number;
}

interface Operation<Kind extends string, Reads extends readonly Value[]> {
  readonly kind: Kind;
  /** Such as `blocks.3.fc1`; the part after the last dot is what it is in each block. */
  readonly name: string;
  readonly reads: Reads;
  readonly out: Value;
}

/** The picture, cut into squares; of the rows of `out` the first `first` are left empty. */
export interface Patches extends Operation<"patches", readonly []> {
  readonly first: number;
  /** Squares across and down. */
  readonly grid: Grid;
}

export interface Grid {
  readonly width: number;
  readonly height: number;
}

/** A weight [out, in], where it stands in the whole one, and its bias. */
export interface Source {
  /** Names `<stem>.weight` and `<stem>.bias`. */
  readonly stem: string;
  readonly firstRow: number;
  readonly firstColumn: number;
  /** As a checkpoint has it. */
  readonly shape: readonly number[];
  readonly bias: boolean;
}

/** Learnt rows before the others, and what is added to every row: `table` [1, rows, width], of another grid interpolated. */
export interface Table {
  readonly table: string;
  readonly tokens: readonly string[];
  readonly grid: Grid;
  readonly antialias: boolean;
}

/** x weight^T + bias. A family writes no more; `fuse` and the like put the operations behind it into it. */
export interface Linear extends Operation<"linear", readonly [x: Value, ...addend: readonly Value[]]> {
  readonly sources: readonly Source[];
  /** Rows of x that are one row of the product, side by side. */
  readonly joined: number;
  readonly activation?: Activation;
  /** Channel by channel, before the addend is added. */
  readonly scale?: string;
  readonly table?: Table;
}

/** LayerNorm, with the weight and bias of its name. */
export interface Norm extends Operation<"norm", readonly [x: Value]> {
  readonly eps: number;
}

/** softmax(Q K^T / sqrt(head dim)) V; as one value Q, K and V stand side by side. */
export type Attention = Operation<
  "attention",
  readonly [q: Value, k: Value, v: Value] | readonly [qkv: Value]
>;

export interface Activate extends Operation<"activation", readonly [x: Value]> {
  readonly activation: Activation;
}

/** x + scale y, channel by channel. */
export interface Add extends Operation<"add", readonly [x: Value, y: Value]> {
  readonly scale?: string;
}

/** Learnt rows before those of x. */
export interface Tokens extends Operation<"tokens", readonly [x: Value]> {
  readonly tokens: readonly string[];
}

/** x + table, row by row. */
export interface AddTable extends Operation<"table", readonly [x: Value]> {
  readonly table: string;
  /** How a table of another grid is fitted. */
  readonly antialias: boolean;
}

/** One row of x. */
export interface Row extends Operation<"row", readonly [x: Value]> {
  readonly index: number;
}

/** The mean of values of one shape. */
export type Mean = Operation<"mean", readonly Value[]>;

/** What a family writes. */
export type Op = Patches | Linear | Norm | Attention | Activate | Add | Tokens | AddTable | Row | Mean;
/** What is left of it for a machine: every step that runs is one of these. */
export type FusedOp = Patches | Linear | Norm | Attention;

export interface Network<O extends Op = Op> {
  readonly ops: readonly O[];
  /** `embedding`, and `logits` where there is a head. */
  readonly outputs: Readonly<Record<string, Value>>;
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

/** Heads of an attention, and the channels of each. */
export function headsOf({ out }: Attention): { heads: number; headDim: number } {
  return { heads: out.parts, headDim: out.width / out.parts };
}
