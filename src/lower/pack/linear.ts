// A product's weight, scales and bias out of the checkpoint's tensors: parts put together, columns padded, layer scale folded in.

import type { Linear, Source } from "../../network/op.ts";
import { columnAt, columnsOf } from "../padding.ts";
import { finite } from "./finite.ts";
import type { PackedWeight } from "./packed-weight.ts";
import type { Packed, Packer, PackOptions } from "./packer.ts";
import type { StoredTensor } from "./stored-tensor.ts";
import { TableRows } from "./table.ts";

export class LinearPacker implements Packer {
  readonly takes: readonly string[];
  readonly #op: Linear;
  readonly #stems: ReadonlyMap<string, Source>;
  readonly #options: PackOptions;
  /** From its first row until it is yielded. */
  #weight: PackedWeight | undefined;
  readonly #bias: Float32Array;
  readonly #table: TableRows | undefined;
  #factors: Float32Array | undefined;
  /** Number of rows that have not arrived: of weights, of biases, and of the scales of int8 weights. */
  #weightRows: number;
  #biasRows: number;
  #scaleRows = 0;
  /** A complete int8 weight does not change any more, and is yielded at once. */
  #weightIsGone = false;

  constructor(op: Linear, options: PackOptions) {
    this.#op = op;
    const { sources, table, scale, out } = op;
    this.#stems = stemsOf(op);
    this.#options = options;
    this.#bias = new Float32Array(columnsOf(out));
    this.#table = table && new TableRows(op, table, options.stream);
    const rows = sources.reduce((sum, { shape }) => sum + shape[0], 0);
    this.#weightRows = rows;
    this.#biasRows = sources.reduce((sum, { shape, bias }) => sum + (bias ? shape[0] : 0), 0);
    const own = [...this.#stems.keys()].flatMap((stem) =>
      ["weight", "weight_scale", "bias"].map((leaf) => `${stem}.${leaf}`),
    );
    this.takes = [...own, ...(scale ? [scale] : []), ...(this.#table?.takes ?? [])];
  }

  async *take(tensor: StoredTensor): AsyncGenerator<Packed> {
    const { name, scale } = this.#op;
    const dot = tensor.name.lastIndexOf(".");
    const source = this.#stems.get(tensor.name.slice(0, dot));
    if (source) this.#takeOwn(source, tensor.name.slice(dot + 1), tensor);
    else if (tensor.name === scale) this.#factors = finite(tensor).slice();
    else await this.#table!.take(tensor);
    if (this.#weightRows > 0 || !this.#weight) return;
    if (this.#weight.scales && !this.#weightIsGone) {
      this.#weightIsGone = true;
      yield [`${name}.weight`, this.#weight.give()];
    }
    if (!this.#isWhole()) return;
    yield* this.#finished(this.#weight);
    this.#weight = undefined;
  }

  #takeOwn(source: Source, leaf: string, tensor: StoredTensor): void {
    const [rows] = tensor.entry.shape;
    if (leaf !== "bias") this.#weight ??= this.#options.weight(this.#op, this.#options);
    if (leaf === "weight") {
      this.#weight!.put(source, tensor);
      this.#weightRows -= rows;
      if (tensor.entry.dtype === "I8") this.#scaleRows += rows;
      return;
    }
    const values = finite(tensor);
    const channel = (row: number) => columnAt(source.firstRow + row, this.#op.out);
    if (leaf === "bias") {
      for (const [row, value] of values.entries()) this.#bias[channel(row)] += value;
      this.#biasRows -= rows;
    } else {
      const set = (source.firstColumn / this.#op.reads[0].width) * this.#bias.length;
      for (const [row, value] of values.entries()) this.#weight!.scales![set + channel(row)] = value;
      this.#scaleRows -= values.length;
    }
  }

  #isWhole(): boolean {
    const { scale } = this.#op;
    const rows = [this.#weightRows, this.#biasRows, this.#scaleRows];
    return rows.every((left) => left === 0) && (!scale || !!this.#factors) && (this.#table?.isWhole ?? true);
  }

  *#finished(weight: PackedWeight): Generator<Packed> {
    const { name, joined } = this.#op;
    const bias = this.#bias;
    this.#factors?.forEach((factor, n) => {
      bias[n] *= factor;
    });
    if (this.#factors) weight.multiply(this.#factors);
    // The mean of several heads: a part of each, and of their biases.
    bias.set(bias.map((value) => value / joined));
    if (joined > 1) weight.divide(joined);
    const { scales, offsets } = weight;
    if (!this.#weightIsGone) yield [`${name}.weight`, weight.give()];
    if (scales) yield [`${name}.weight_scale`, scales];
    if (this.#table) {
      yield [`${name}.table`, this.#table.data(bias, offsets, scales)];
      bias.fill(0); // it is in the table
    }
    yield [`${name}.bias`, bias];
  }
}

/** The destination of the tensors of each name. Parts that are stacked by rows may arrive as one, under the operation's name. */
function stemsOf({ name, sources }: Linear): Map<string, Source> {
  const stems = new Map(sources.map((source) => [source.stem, source]));
  if (!stems.has(name)) stems.set(name, { ...sources[0], firstRow: 0 });
  return stems;
}
