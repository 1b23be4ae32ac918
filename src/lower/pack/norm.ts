// The weight and bias of a LayerNorm, padded.

import type { Norm } from "../../network/op.ts";
import { columnsOf } from "../padding.ts";
import { finite } from "./finite.ts";
import type { Packed, Packer } from "./packer.ts";
import type { StoredTensor } from "./stored-tensor.ts";

export class NormPacker implements Packer {
  readonly takes: readonly string[];
  readonly #op: Norm;

  constructor(op: Norm) {
    this.#op = op;
    this.takes = [`${op.name}.weight`, `${op.name}.bias`];
  }

  async *take(tensor: StoredTensor): AsyncGenerator<Packed> {
    const { name, out } = this.#op;
    const padded = new Float32Array(columnsOf(out));
    padded.set(finite(tensor));
    yield [`${name}.${tensor.name === this.takes[0] ? "gamma" : "beta"}`, padded];
  }
}
