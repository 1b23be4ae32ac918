// What rewrites are made of: who makes and who reads a value, and one operation in the place of several.

import type { Network, Op, Value } from "../op.ts";

/** The operation that makes a value. */
export function makerOf({ ops }: Network, value: Value): Op | undefined {
  return ops.find(({ out }) => out === value);
}

/** Whether nobody but one operation reads a value. */
export function readOnce({ ops, outputs }: Network, value: Value): boolean {
  const readers = ops.filter(({ reads }) => (reads as readonly Value[]).includes(value));
  return readers.length === 1 && !Object.values(outputs).includes(value);
}

/** `op` in the place of the last of `old`, without the others. */
export function replaced(network: Network, old: readonly Op[], op: Op): Network {
  const last = network.ops.findLast((each) => old.includes(each));
  const ops = network.ops.flatMap((each) => (each === last ? [op] : old.includes(each) ? [] : [each]));
  return { ...network, ops };
}

/** Each operation of a kind, in order, through a rewrite that may leave it as it is. */
export function each<K extends Op["kind"]>(
  network: Network,
  kind: K,
  rewrite: (network: Network, op: Extract<Op, { kind: K }>) => Network,
): Network {
  const chosen = network.ops.filter((op): op is Extract<Op, { kind: K }> => op.kind === kind);
  return chosen.reduce(rewrite, network);
}

/** The same network with each value as `change` has it. */
export function withValues<O extends Op>(network: Network<O>, change: (value: Value) => Value): Network<O> {
  const changed = new Map<Value, Value>();
  const once = (value: Value): Value => {
    const found = changed.get(value) ?? change(value);
    changed.set(value, found);
    return found;
  };
  const ops = network.ops.map((op) => {
    const reads = (op.reads as readonly Value[]).map(once);
    return { ...op, reads, out: once(op.out) } as unknown as O; // as many as before
  });
  const outputs = Object.entries(network.outputs).map(([name, value]) => [name, once(value)]);
  return { ops, outputs: Object.fromEntries(outputs) };
}
