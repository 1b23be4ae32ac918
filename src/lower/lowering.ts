// The target of every lowering: the tensors of a batch of images, each in its form, and the steps between them.

import { paddedRows } from "../kernels/gemm.ts";
import type { FusedOp, Interpreter, Network, Patches, Value } from "../network/op.ts";
import { interpret } from "../network/op.ts";
import { ROW_SCALE } from "../quant/outlier.ts";
import type { Form, Graph, Step, Tensor } from "../scheduler/step.ts";
import { columnsOf } from "./padding.ts";

/** A graph, with the properties that a caller needs. */
export interface ModelGraph extends Graph {
  readonly network: Network<FusedOp>;
  /** Tensors that are read back. */
  readonly reads: readonly string[];
  /** Row of `patches` for an image's first patch: after the images before it, and its own learned tokens. */
  readonly firstRow: (image: number) => number;
}

/** A function for each operation that adds its steps. */
export type Lowering<O extends FusedOp = FusedOp> = Interpreter<O, [steps: Steps], void>;

/** The graph of one batch; with `taps`, the inputs of attentions are read back too. */
export function lowered<O extends FusedOp>(
  network: Network<O>,
  by: Lowering<O>,
  images: number,
  taps = false,
): ModelGraph {
  const steps = new Steps(network, images);
  for (const op of network.ops) interpret(by, op, steps);
  return steps.graph(taps);
}

/** Bytes of a value, and how many scales a row of so many columns has beside it. */
const FORMS: Record<Form, { bytes: number; scales?: (columns: number) => number }> = {
  f32: { bytes: 4 },
  f16: { bytes: 2 },
  groups: { bytes: 1, scales: (columns) => columns / 64 },
  row: { bytes: 1, scales: () => ROW_SCALE },
};

export class Steps {
  readonly images: number;
  readonly #network: Network<FusedOp>;
  readonly #steps: Step[] = [];
  readonly #tensors = new Map<string, Tensor>();

  constructor(network: Network<FusedOp>, images: number) {
    this.#network = network;
    this.images = images;
  }

  /** A tensor for a value of each image; of int8 ones the scales too. */
  tensor(value: Value, form: Form, name = value.name): string {
    const rows = this.images * value.rows;
    const columns = columnsOf(value);
    const { bytes, scales } = FORMS[form];
    this.raw(name, { rows, columns, form, byteLength: paddedRows(rows) * columns * bytes });
    const count = scales?.(columns);
    if (count)
      this.raw(`${name}.scale`, {
        rows,
        columns: count,
        form: "f32",
        byteLength: paddedRows(rows) * count * 4,
      });
    return name;
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /** Operations that read a value. */
  readersOf(value: Value): readonly FusedOp[] {
    return this.#network.ops.filter(({ reads }) => (reads as readonly Value[]).includes(value));
  }

  raw(name: string, tensor: Tensor): void {
    this.#tensors.set(name, tensor);
  }

  formOf(name: string): Form {
    return this.#tensors.get(name)!.form;
  }

  isOutput(value: Value): boolean {
    return Object.values(this.#network.outputs).includes(value);
  }

  add(step: Step): void {
    this.#steps.push(step);
  }

  graph(taps: boolean): ModelGraph {
    const network = this.#network;
    const tapped = taps
      ? network.ops.filter(({ kind }) => kind === "attention").map(({ reads }) => reads[0]!.name)
      : [];
    const isTapped = (name: string) => tapped.includes(name.replace(/\.scale$/, ""));
    const reads = [...Object.keys(network.outputs), ...[...this.#tensors.keys()].filter(isTapped)];
    const lookedUp = network.ops.filter(({ kind }) => kind === "lookup").map(({ out }) => out.name);
    const held = new Set(["patches", "patches.scale", ...lookedUp, ...reads]);
    const patches = network.ops.find((op): op is Patches => op.kind === "patches");
    const firstRow = (image: number) => (patches ? image * patches.out.rows + patches.first : 0);
    return { steps: this.#steps, tensors: this.#tensors, held, network, reads, firstRow };
  }
}
