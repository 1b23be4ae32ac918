import type { Network, Op, Value } from "../op.ts";

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
