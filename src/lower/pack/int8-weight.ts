// A weight in int8 with a scale for each output channel, made row by row; or as a file has it.

import type { Linear, Source } from "../../network/op.ts";
import { packRow } from "../../quant/pack.ts";
import { quantizeRow } from "../../quant/quantize.ts";
import { columnAt, columnsOf, runsOf } from "../padding.ts";
import { finite } from "./finite.ts";
import type { PackedWeight } from "./packed-weight.ts";
import type { PackOptions } from "./packer.ts";
import type { StoredTensor } from "./stored-tensor.ts";

class Int8Weight implements PackedWeight {
  #values: Int8Array;
  readonly scales: Float32Array;
  readonly offsets: Float64Array | undefined;
  readonly #op: Linear;
  readonly #int8Offset: readonly number[];

  constructor(op: Linear, int8Offset: readonly number[]) {
    this.#op = op;
    this.#int8Offset = int8Offset;
    const n = columnsOf(op.out);
    this.#values = new Int8Array(n * columnsOf(op.reads[0]) * op.joined);
    this.scales = new Float32Array(n * op.joined);
    // For the product that reads pixels: without its scale so far.
    if (op.table) this.offsets = new Float64Array(n);
  }

  put({ firstRow, firstColumn, shape: [, , , side] }: Source, tensor: StoredTensor): void {
    const { reads, out } = this.#op;
    const [x] = reads;
    const n = columnsOf(out);
    const rows = tensor.entry.shape[0];
    const runs = runsOf(x);
    const padded = new Int8Array(runs.at(-1)!.to + runs.at(-1)!.length);
    const joined = firstColumn / x.width;
    const row = rowsOf(tensor, x.width, side);
    for (let r = 0; r < rows; r++) {
      const channel = columnAt(firstRow + r, out);
      const { q, scale } = row(r);
      if (scale !== undefined) this.scales[joined * n + channel] = scale;
      for (const { from, to, length } of runs) padded.set(q.subarray(from, from + length), to);
      packRow(this.#values, n, channel, padded, joined * columnsOf(x));
      if (this.offsets) this.offsets[channel] = this.#offsetOf(q);
    }
  }

  give(): Int8Array {
    const values = this.#values;
    this.#values = new Int8Array();
    return values;
  }

  multiply(factors: Float32Array): void {
    factors.forEach((factor, n) => {
      this.scales[n] *= factor;
    });
  }

  divide(by: number): void {
    this.scales.set(this.scales.map((value) => value / by));
  }

  /** Sum over the pixels of q times what its color is worth at int8 zero. */
  #offsetOf(q: Int8Array): number {
    const area = q.length / 3;
    let total = 0;
    for (let c = 0; c < 3; c++) {
      let sum = 0;
      for (let i = c * area; i < (c + 1) * area; i++) sum += q[i];
      total += sum * this.#int8Offset[c];
    }
    return total;
  }
}

export const int8Weight: PackOptions["weight"] = (op, { int8Offset }) => new Int8Weight(op, int8Offset);

/** Rows of int8: the file's, or quantized here, with their scale. `side`: pixels across, of planes that a row is. */
function rowsOf(tensor: StoredTensor, k: number, side: number | undefined) {
  const { entry, bytes } = tensor;
  if (entry.dtype === "I8") {
    const int8 = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    return (row: number) => ({ q: int8.subarray(row * k, (row + 1) * k), scale: undefined });
  }
  const values = finite(tensor);
  const q = new Int8Array(k);
  return (row: number) => ({ q, scale: quantizeRow(values.subarray(row * k, (row + 1) * k), q, side) });
}
