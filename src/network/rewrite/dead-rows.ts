// Only those rows that an output reads.

import { UnsupportedModelError } from "../../errors/errors.ts";
import type { FusedOp, Network, Value } from "../op.ts";
import { withValues } from "./with-values.ts";

/** Removes operations that gather the first rows of a value which then has no more rows, or whose first rows alone are an output. */
export function idleRows({ ops, outputs }: Network<FusedOp>): Network<FusedOp> {
  const whole = new Map<Value, Value>();
  const isRead = (value: Value) => ops.some(({ reads }) => (reads as readonly Value[]).includes(value));
  const isAnswer = (value: Value) => Object.values(outputs).some((one) => (whole.get(one) ?? one) === value);
  for (const op of ops) {
    if (op.kind !== "gather" || op.pieces > 1) continue;
    const [x] = op.reads;
    const areFirst = op.index.slice(0, op.out.rows).every((row, i) => row === i);
    const isIdle = x.rows === op.out.rows || !isRead(op.out);
    if (areFirst && isIdle && !(isAnswer(op.out) && isAnswer(x))) whole.set(op.out, whole.get(x) ?? x);
  }
  const rest = ops.filter(({ out }) => !whole.has(out));
  return withValues({ ops: rest, outputs }, (value) => whole.get(value) ?? value);
}

/**
 * Every value with as many rows as are needed of it, and no operation that none is needed of. What works row by row makes as
 * many as it reads, so that the rows of several images stay one behind the other.
 */
export function deadRows({ ops, outputs }: Network<FusedOp>): Network<FusedOp> {
  const needed = new Map<Value, number>();
  let grew = true;
  const need = (value: Value, rows: number) => {
    if (rows <= (needed.get(value) ?? 0)) return;
    needed.set(value, rows);
    grew = true;
  };
  for (const value of Object.values(outputs)) need(value, value.rows);
  while (grew) {
    grew = false;
    for (const op of [...ops].reverse())
      for (const [i, value] of op.reads.entries()) need(value, rowsRead(op, i, needed.get(op.out) ?? 0));
    for (const op of ops) if (needed.has(op.out)) need(op.out, rowsMade(op, needed));
  }
  const live = ops.filter(({ out }) => needed.has(out));
  return withValues({ ops: live, outputs }, (value) => ({ ...value, rows: needed.get(value)! }));
}

/** How many rows of its operand number `i` an operation needs to make so many. */
function rowsRead(op: FusedOp, i: number, rows: number): number {
  if (rows === 0) return 0;
  // Every key and value, for any query; Q is in the same tensor if they are one.
  if (op.kind === "attention") return i === 0 && op.reads.length > 1 && !op.windows ? rows : op.reads[i].rows;
  if (op.kind === "gather") return Math.max(...op.index.slice(0, rows * op.pieces)) + 1;
  if (op.kind === "pool") return op.first + op.count;
  return op.kind === "linear" && i === 0 ? rows * op.joined : rows;
}

/** Kinds whose kernels make as many rows as they read. */
const ROW_BY_ROW: readonly string[] = ["linear", "norm", "activation", "heads"] satisfies FusedOp["kind"][];

/** Number of rows that it computes from its inputs; 0: as many as are needed. */
function rowsMade(op: FusedOp, needed: ReadonlyMap<Value, number>): number {
  // A window's rows are not the first ones.
  if (op.kind === "attention" && op.windows) return op.reads[0].rows;
  if (!ROW_BY_ROW.includes(op.kind)) return 0;
  const rows = needed.get(op.reads[0]!)! / (op.kind === "linear" ? op.joined : 1);
  if (Number.isInteger(rows)) return rows;
  throw new UnsupportedModelError(
    `${op.name}: expected to read all rows of ${op.reads[0]?.name}, got some of them.`,
  );
}
