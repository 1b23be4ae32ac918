// The addends and factors of attention scores: the scale of each head, then the bias, in base 2 as the kernels' exponentials are.

import type { Attention } from "../../network/op.ts";
import { finite } from "./finite.ts";
import type { Packed, Packer } from "./packer.ts";
import type { StoredTensor } from "./stored-tensor.ts";

export class AttentionPacker implements Packer {
  readonly takes: readonly string[];
  readonly #name: string;
  readonly #tensors = new Map<string, Float32Array>();

  constructor({ name, bias, scale }: Attention) {
    this.#name = name;
    this.takes = [scale, bias].filter((tensor) => typeof tensor === "string");
  }

  async *take(tensor: StoredTensor): AsyncGenerator<Packed> {
    this.#tensors.set(
      tensor.name,
      finite(tensor).map((value) => value * Math.LOG2E),
    );
    if (this.#tensors.size < this.takes.length) return;
    const parts = this.takes.map((name) => this.#tensors.get(name)!);
    const table = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      table.set(part, at);
      at += part.length;
    }
    yield [`${this.#name}.bias`, table];
  }
}
