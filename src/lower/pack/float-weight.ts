// A weight in f32, [k, n].

import { ModelFormatError } from "../../errors/errors.ts";
import type { Linear, Source } from "../../network/op.ts";
import { columnAt, columnsOf, runsOf } from "../padding.ts";
import { finite } from "./finite.ts";
import type { PackedWeight } from "./packed-weight.ts";
import type { StoredTensor } from "./stored-tensor.ts";

export class FloatWeight implements PackedWeight {
  #values: Float32Array;
  readonly #op: Linear;

  constructor(op: Linear) {
    this.#op = op;
    this.#values = new Float32Array(columnsOf(op.out) * columnsOf(op.reads[0]) * op.joined);
  }

  put({ firstRow, firstColumn }: Source, tensor: StoredTensor): void {
    const { name, entry } = tensor;
    if (entry.dtype === "I8")
      throw new ModelFormatError(`${name}: expected float weights, got I8. Load the float checkpoint.`);
    const { reads, out } = this.#op;
    const [x] = reads;
    const n = columnsOf(out);
    const values = finite(tensor);
    const first = (firstColumn / x.width) * columnsOf(x);
    for (let row = 0; row < entry.shape[0]; row++) {
      const channel = columnAt(firstRow + row, out);
      for (const { from, to, length } of runsOf(x))
        for (let i = 0; i < length; i++)
          this.#values[(first + to + i) * n + channel] = values[row * x.width + from + i];
    }
  }

  give(): Float32Array {
    const values = this.#values;
    this.#values = new Float32Array();
    return values;
  }

  multiply(factors: Float32Array): void {
    const n = columnsOf(this.#op.out);
    factors.forEach((factor, channel) => {
      for (let i = channel; i < this.#values.length; i += n) this.#values[i] *= factor;
    });
  }

  divide(by: number): void {
    for (let i = 0; i < this.#values.length; i++) this.#values[i] /= by;
  }
}
