// Only those rows that an output reads: an answer is the first row of its value.

import type { FusedOp, Network, Value } from "../op.ts";
import { withValues } from "./rewrite.ts";

/** A value in the place of its first row, for whoever reads values from the first row on. */
export function firstRows(network: Network): Network {
  const whole = new Map<Value, Value>();
  for (const op of network.ops) if (op.kind === "row" && op.index === 0) whole.set(op.out, op.reads[0]);
  const ops = network.ops.filter(({ out }) => !whole.has(out));
  return withValues({ ...network, ops }, (value) => whole.get(value) ?? value);
}

/** Every value with as many rows as are needed of it, and no operation that none is needed of. */
export function deadRows({ ops, outputs }: Network<FusedOp>): Network<FusedOp> {
  const needed = new Map<Value, number>();
  const need = (value: Value, rows: number) => needed.set(value, Math.max(needed.get(value) ?? 0, rows));
  for (const value of Object.values(outputs)) need(value, 1);
  for (const op of ops.toReversed())
    for (const [i, value] of op.reads.entries()) need(value, rowsRead(op, i, needed.get(op.out) ?? 0));
  const cut = (value: Value) => ({ ...value, rows: needed.get(value)! });
  return withValues({ ops: ops.filter(({ out }) => needed.get(out)), outputs }, cut);
}

/** How many rows of its operand number `i` an operation needs to make so many. */
function rowsRead(op: FusedOp, i: number, rows: number): number {
  if (rows === 0) return 0;
  // Every key and value, whoever asks; Q lies with them where they are one.
  if (op.kind === "attention") return i === 0 && op.reads.length > 1 ? rows : op.reads[i].rows;
  return op.kind === "linear" && i === 0 ? rows * op.joined : rows;
}
