// The buffers that steps of any operation name: those of the core, and what only some networks have.

import type { FusedOp, Interpreter, Network, Value } from "../../network/op.ts";
import { interpret } from "../../network/op.ts";
import { columnsOf, isApart } from "../padding.ts";
import { finite } from "./finite.ts";
import { HeadNormPacker, headConstants } from "./heads.ts";
import { PLAIN_PACKERS, pulled } from "./pack.ts";
import type { Packed, Packer, PackOptions } from "./packer.ts";
import type { StoredTensor } from "./stored-tensor.ts";

const PACKERS: Interpreter<FusedOp, [options: PackOptions], Packer[]> = {
  ...PLAIN_PACKERS,
  heads: (op) => (op.sets.some(({ norm }) => norm) ? [new HeadNormPacker(op)] : []),
  lookup: () => [],
  gather: () => [],
  pool: () => [],
  concat: () => [],
  gate: () => [],
  activation: () => [],
  add: () => [],
  table: ({ table, out, first }) => [new RowsPacker(table, out, first)],
  learnt: ({ learnt, out }) => [new RowsPacker(learnt.name, out)],
};

/** Buffers that are not in any checkpoint. */
const CONSTANTS: Interpreter<FusedOp, [], Packed[]> = {
  patches: () => [],
  linear: () => [],
  norm: ({ name, reads: [x] }) => (isApart(x) ? [[`${name}.index`, numbers(x.parts)]] : []),
  attention: () => [],
  heads: (op) => headConstants(op),
  lookup: () => [],
  gather: ({ name, index }) => [[`${name}.index`, Float32Array.from(index)]],
  pool: () => [],
  concat: () => [],
  gate: () => [],
  activation: () => [],
  add: () => [],
  table: () => [],
  learnt: ({ name, out }) => [[`${name}.index`, numbers(out.rows)]],
};

/** From 0 on. */
const numbers = (count: number) => Float32Array.from({ length: count }, (_, i) => i);

/** The packers of an operation's tensors. */
export const packersOf = (op: FusedOp, options: PackOptions) => interpret(PACKERS, op, options);
export const constantsOf = (op: FusedOp) => interpret(CONSTANTS, op);

/** As `packed`, with constants first. @throws ModelFormatError for a weight that is not finite */
export async function* packedEvery(
  network: Network<FusedOp>,
  options: PackOptions,
  tensors: AsyncIterable<StoredTensor>,
): AsyncGenerator<Packed> {
  for (const op of network.ops) yield* constantsOf(op);
  yield* pulled(
    network.ops.flatMap((op) => packersOf(op, options)),
    tensors,
  );
}

/** Rows of a parameter, padded, from row `first` on; rows that it does not have are zero. */
class RowsPacker implements Packer {
  readonly takes: readonly string[];
  readonly #value: Value;
  readonly #first: number;

  constructor(name: string, value: Value, first = 0) {
    this.takes = [name];
    this.#value = value;
    this.#first = first;
  }

  async *take(tensor: StoredTensor): AsyncGenerator<Packed> {
    const { rows, width } = this.#value;
    const columns = columnsOf(this.#value);
    const values = finite(tensor);
    const padded = new Float32Array(rows * columns);
    for (let row = this.#first; row < rows; row++) {
      const source = (row - this.#first) * width;
      padded.set(values.subarray(source, source + width), row * columns);
    }
    yield [`${tensor.name}.rows`, padded];
  }
}
