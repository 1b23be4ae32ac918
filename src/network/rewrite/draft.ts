// A network that is being rewritten: who makes and who reads a value, and one operation in the place of several.

import type { Network, Op, Value } from "../op.ts";

export class Draft {
  readonly #outputs: Network["outputs"];
  /** By their place, of which those are empty whose operation is part of another now. */
  readonly #ops: (readonly Op[])[];
  readonly #places = new Map<Op, number>();
  readonly #makers = new Map<Value, Op>();
  readonly #readers = new Map<Value, number>();

  constructor({ ops, outputs }: Network) {
    this.#outputs = outputs;
    this.#ops = ops.map((op) => [op]);
    for (const [place, op] of ops.entries()) this.#put(op, place);
    for (const value of Object.values(outputs)) this.#count(value, 1);
  }

  /** The operation that makes a value. */
  makerOf(value: Value): Op | undefined {
    return this.#makers.get(value);
  }

  /** Whether one operation reads a value, and no caller. */
  isReadOnce(value: Value): boolean {
    return this.#readers.get(value) === 1;
  }

  /** `ops` in the place of the last of `old`, without the others. */
  replace(old: readonly Op[], ...ops: readonly Op[]): void {
    const places = old.map((each) => this.#places.get(each)!);
    for (const [i, each] of old.entries()) {
      this.#ops[places[i]] = [];
      for (const value of each.reads) this.#count(value, -1);
    }
    const place = Math.max(...places);
    this.#ops[place] = ops;
    for (const op of ops) this.#put(op, place);
  }

  network(): Network {
    return { ops: this.#ops.flat(), outputs: this.#outputs };
  }

  #put(op: Op, place: number): void {
    this.#places.set(op, place);
    this.#makers.set(op.out, op);
    for (const value of op.reads) this.#count(value, 1);
  }

  #count(value: Value, readers: number): void {
    this.#readers.set(value, (this.#readers.get(value) ?? 0) + readers);
  }
}

/** The network after `rewrite` of each operation of a kind, in order; other operations are unchanged. */
export function rewritten<K extends Op["kind"]>(
  network: Network,
  kind: K,
  rewrite: (draft: Draft, op: Extract<Op, { kind: K }>) => void,
): Network {
  const draft = new Draft(network);
  for (const op of network.ops) if (op.kind === kind) rewrite(draft, op as Extract<Op, { kind: K }>);
  return draft.network();
}
