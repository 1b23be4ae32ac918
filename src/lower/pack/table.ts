// What the embedding adds to every row: positions, with the learnt tokens and the patches' bias on their rows.

import { part } from "../../errors/part.ts";
import type { Linear, Table } from "../../network/op.ts";
import { gridOf } from "../../network/tables.ts";
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
    this.takes = [...table.tokens, table.table];
  }

  async take(tensor: StoredTensor): Promise<void> {
    const { name, entry } = tensor;
    const values = finite(tensor).slice();
    const isTable = name === this.#table.table;
    this.#tensors.set(name, isTable ? await this.#fitted(values, entry.shape.at(-2)!) : values);
  }

  get isWhole(): boolean {
    return this.#tensors.size === this.takes.length;
  }

  /** [rows, columns]: f32, or as the stream has it. */
  data(bias: Float32Array, offsets?: Float64Array, scales?: Float32Array): ArrayBufferView {
    const { rows, width } = this.#op.out;
    const { tokens, table: name } = this.#table;
    const columns = columnsOf(this.#op.out);
    const whole = Float64Array.from(bias, (value, n) => (offsets ? value + offsets[n] * scales![n] : value));
    const positions = this.#tensors.get(name)!;
    const table = new Float32Array(rows * columns);
    for (let row = 0; row < rows; row++) {
      const own = this.#tensors.get(tokens[row]) ?? whole;
      for (let c = 0; c < width; c++) table[row * columns + c] = positions[row * width + c] + own[c];
    }
    return this.#stream?.begin?.(table) ?? table;
  }

  /** Of another grid, a square one, interpolated to the picture's. */
  async #fitted(positions: Float32Array, rows: number): Promise<Float32Array> {
    const { grid, tokens, antialias } = this.#table;
    const from = gridOf(rows - tokens.length, grid)!;
    if (from === grid) return positions;
    const how = { prefixTokens: tokens.length, width: this.#op.out.width, antialiasPositions: antialias };
    const { interpolatePositions } = await part(import("../../format/positions.ts"));
    return interpolatePositions(positions, from, grid, how);
  }
}
