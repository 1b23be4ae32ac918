// The buffers of the step that prepares heads for attention: weights of norms, and tables of angles.

import { headStride } from "../../kernels/prepare-heads.ts";
import type { Heads } from "../../network/op.ts";
import { finite } from "./finite.ts";
import type { Packed, Packer } from "./packer.ts";
import type { StoredTensor } from "./stored-tensor.ts";

const headDimOf = ({ out }: Heads) => out.width / out.parts;

/** [sets, stride] each: sets without a norm are zeros, which nothing reads. */
export class HeadNormPacker implements Packer {
  readonly takes: readonly string[];
  readonly #op: Heads;
  readonly #stride: number;
  readonly #gamma: Float32Array;
  readonly #beta: Float32Array;
  #left: number;

  constructor(op: Heads) {
    this.#op = op;
    this.takes = op.sets.flatMap(({ norm }) =>
      norm ? [`${norm.name}.weight`, ...(norm.kind === "layer" ? [`${norm.name}.bias`] : [])] : [],
    );
    this.#left = this.takes.length;
    this.#stride = headStride(headDimOf(op));
    this.#gamma = new Float32Array(op.sets.length * this.#stride);
    this.#beta = new Float32Array(op.sets.length * this.#stride);
  }

  async *take(tensor: StoredTensor): AsyncGenerator<Packed> {
    const { name, sets } = this.#op;
    for (const [i, { norm }] of sets.entries()) {
      if (tensor.name === `${norm?.name}.weight`) this.#gamma.set(finite(tensor), i * this.#stride);
      if (tensor.name === `${norm?.name}.bias`) this.#beta.set(finite(tensor), i * this.#stride);
    }
    this.#left--;
    if (this.#left > 0) return;
    yield [`${name}.gamma`, this.#gamma];
    yield [`${name}.beta`, this.#beta];
  }
}

/** Tables [rows, stride]; of what an operation does without, a row that nothing reads. */
export function headConstants(op: Heads): Packed[] {
  const { name, sets } = op;
  const stride = headStride(headDimOf(op));
  const unread = new Float32Array(stride);
  const rotation = sets.find((set) => set.rotation)?.rotation;
  const tables = rotation?.tables();
  const table = (values: Float32Array | undefined) =>
    values ? padded(values, headDimOf(op), stride) : unread;
  const angles: Packed[] = [
    [`${name}.cosine`, table(tables?.cosine)],
    [`${name}.sine`, table(tables?.sine)],
  ];
  if (sets.some(({ norm }) => norm)) return angles;
  return [...angles, [`${name}.gamma`, unread], [`${name}.beta`, unread]];
}

function padded(values: Float32Array, width: number, stride: number): Float32Array {
  const rows = values.length / width;
  const table = new Float32Array(rows * stride);
  for (let row = 0; row < rows; row++)
    table.set(values.subarray(row * width, (row + 1) * width), row * stride);
  return table;
}
