// Only those rows that an output reads: an answer is the first row of its value.

import { UnsupportedModelError } from "../../errors/errors.ts";
import type { FusedOp, Network, Value } from "../op.ts";
import { withValues } from "./with-values.ts";

/** A value in the place of its first row, for whoever reads values from the first row on. */
export function firstRows(network: Network): Network {
  const whole = new Map<Value, Value>();
  for (const op of network.ops) if (op.kind === "row" && op.index === 0) whole.set(op.out, op.reads[0]);
  const ops = network.ops.filter(({ out }) => !whole.has(out));
  return withValues({ ...network, ops }, (value) => whole.get(value) ?? value);
}

/**
 * Every value with as many rows as are needed of it, and no operation that none is needed of. What works row by row makes as
 * many as it reads, so that the rows of several pictures stay one behind the other.
 */
export function deadRows({ ops, outputs }: Network<FusedOp>): Network<FusedOp> {
  const needed = new Map<Value, number>();
  let grew = true;
  const need = (value: Value, rows: number) => {
    if (rows <= (needed.get(value) ?? 0)) return;
    needed.set(value, rows);
    grew = true;
  };
  for (const value of Object.values(outputs)) need(value, 1);
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
  // Every key and value, whoever asks; Q lies with them where they are one.
  if (op.kind === "attention") return i === 0 && op.reads.length > 1 ? rows : op.reads[i].rows;
  return op.kind === "linear" && i === 0 ? rows * op.joined : rows;
}

/** How many rows it makes of what is there to read. */
function rowsMade(op: FusedOp, needed: ReadonlyMap<Value, number>): number {
  if (op.kind !== "linear" && op.kind !== "norm") return 0;
  const rows = needed.get(op.reads[0])! / (op.kind === "linear" ? op.joined : 1);
  if (Number.isInteger(rows)) return rows;
  throw new UnsupportedModelError(
    `${op.name}: expected to read all rows of ${op.reads[0].name}, got some of them`,
  );
}
