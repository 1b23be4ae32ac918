// The embedding's addends of every row: positions, with the learned tokens and the patches' bias on their rows.

import { part } from "../../errors/part.ts";
import type { AddedTable, Linear, Table } from "../../network/op.ts";
import { patchesAt } from "../../network/rewrite/fold-table.ts";
import { gridOf } from "../../network/tables.ts";
import { elementCount } from "../../tensor/dtype.ts";
import type { Int8Kernels } from "../kernels.ts";
import { columnsOf } from "../padding.ts";
import { finite } from "./finite.ts";
import type { StoredTensor } from "./stored-tensor.ts";

export class TableRows {
  readonly takes: readonly string[];
  readonly #op: Linear;
  readonly #table: Table;
  readonly #stream: Int8Kernels["stream"] | undefined;
  readonly #tensors = new Map<string, Float32Array>();

  constructor(op: Linear, table: Table, stream: Int8Kernels["stream"] | undefined) {
    this.#op = op;
    this.#table = table;
    this.#stream = stream;
    const names = table.segments.flatMap(({ learnt, added }) => [
      ...(learnt ? [learnt] : []),
      ...added.map((one) => one.table),
    ]);
    this.takes = [...new Set(names)];
  }

  async take(tensor: StoredTensor): Promise<void> {
    const { name, entry } = tensor;
    const values = finite(tensor).slice();
    const [added] = this.#table.segments.flatMap(({ added }) => added.filter(({ table }) => table === name));
    const rows = elementCount(entry.shape) / this.#op.out.width;
    this.#tensors.set(name, added ? await this.#fitted(values, rows, added) : values);
  }

  get isWhole(): boolean {
    return this.#tensors.size === this.takes.length;
  }

  /** [rows, columns]: f32, or as the stream has it. */
  data(bias: Float32Array, offsets?: Float64Array, scales?: Float32Array): ArrayBufferView {
    const { rows, width } = this.#op.out;
    const columns = columnsOf(this.#op.out);
    const whole = Float64Array.from(bias, (value, n) => (offsets ? value + offsets[n] * scales![n] : value));
    const table = new Float32Array(rows * columns);
    let at = 0;
    for (const { rows, learnt, added } of this.#table.segments)
      for (let row = 0; row < rows; row++, at++) {
        const own = learnt ? this.#rowOf(learnt, row) : whole;
        const others = added.map((one) => this.#rowOf(one.table, one.first + row));
        for (let c = 0; c < width; c++)
          table[at * columns + c] = others.reduce((sum, other) => sum + other[c], own[c]);
      }
    return this.#stream?.begin?.(table) ?? table;
  }

  #rowOf(name: string, row: number): Float32Array {
    const { width } = this.#op.out;
    return this.#tensors.get(name)!.subarray(row * width, (row + 1) * width);
  }

  /** Positions of another grid, a square one, interpolated to the image's; rows before and after the patches are unchanged. */
  async #fitted(
    positions: Float32Array,
    rows: number,
    { table, antialias }: AddedTable,
  ): Promise<Float32Array> {
    const { grid, segments } = this.#table;
    const { width } = this.#op.out;
    const before = segments[patchesAt(segments)].added.find((one) => one.table === table)?.first ?? 0;
    const covered = segments.filter(({ added }) => added.some((one) => one.table === table));
    const others = covered.reduce((sum, { rows, learnt }) => sum + (learnt ? rows : 0), 0);
    const from = gridOf(rows - others, grid)!;
    if (from === grid) return positions;
    const how = { prefixTokens: before, width, antialiasPositions: antialias };
    const { interpolatePositions } = await part(import("../../format/positions.ts"));
    return interpolatePositions(positions, from, grid, how);
  }
}
