// The additional buffers of a calibrated model: tables of levels, zero points in the biases, and f32 weights if the levels of their inputs
// are not uniform.

import { levelsTable } from "../../kernels/quantize-levels.ts";
import { type Interpreter, interpret, type Linear, type Network, type Value } from "../../network/op.ts";
import type { Quantizer } from "../../quant/quantizer.ts";
import { type CalibratedOp, type Calibration, isQkv } from "../calibration.ts";
import { columnsOf } from "../padding.ts";
import { constantsOf, packersOf } from "./every.ts";
import { int8Weight } from "./int8-weight.ts";
import { pulled } from "./pack.ts";
import type { Packed, Packer } from "./packer.ts";
import type { StoredTensor } from "./stored-tensor.ts";

export async function* packedLevels(
  network: Network<CalibratedOp>,
  calibration: Calibration,
  int8Offset: readonly number[],
  tensors: AsyncIterable<StoredTensor>,
): AsyncGenerator<Packed> {
  yield ["zeros", new Float32Array(Math.max(...network.ops.map(({ out }) => columnsOf(out))))];
  for (const op of network.ops) yield* interpret(TABLES, op, calibration);
  const packers = network.ops.flatMap((op): Packer[] => {
    const own = packersOf(op, { weight: int8Weight, int8Offset });
    const quantizer = op.kind === "linear" ? calibration.get(op.reads[0].name) : undefined;
    return quantizer ? own.map((packer) => new LevelledPacker(op as Linear, packer, quantizer)) : own;
  });
  yield* pulled(packers, tensors);
}

/** Tables for the output of each operation, and for the input of a norm, if it has a quantizer. */
const TABLES: Interpreter<CalibratedOp, [Calibration], Packed[]> = {
  patches: () => [],
  linear: (op, calibration) => (isQkv(op) ? [qkvTable(op, calibration)] : tableOf(op.out, calibration)),
  norm: ({ name, reads, out }, calibration) => [
    ...tableOf({ ...reads[0], name: `${name}.input` }, calibration),
    ...tableOf(out, calibration),
  ],
  attention: ({ out }, calibration) => tableOf(out, calibration),
  gather: (op) => constantsOf(op),
  pool: () => [],
  concat: () => [],
};

function tableOf(value: Value, calibration: Calibration): Packed[] {
  const quantizer = calibration.get(value.name);
  if (!quantizer) return [];
  return [[`${value.name}.table`, levelsTable(columnsOf(value), (c) => [quantizer, c])]];
}

function qkvTable({ name, out }: Linear, calibration: Calibration): Packed {
  const parts = ["query", "key", "value"].map((part) => calibration.get(name.replace(/qkv$/, part))!);
  const third = columnsOf(out) / 3;
  return [`${name}.table`, levelsTable(3 * third, (c) => [parts[Math.floor(c / third)], c % third])];
}

/** Accepts the output of a layer's packer (weight, scales and bias in this order), and yields what the levels of its input need. */
class LevelledPacker implements Packer {
  readonly takes: readonly string[];
  readonly #name: string;
  readonly #packer: Packer;
  readonly #input: Quantizer;
  #weight = new Int8Array();
  #scale = new Float32Array();

  constructor({ name }: Linear, packer: Packer, input: Quantizer) {
    this.takes = packer.takes;
    this.#name = name;
    this.#packer = packer;
    this.#input = input;
  }

  async *take(tensor: StoredTensor): AsyncGenerator<Packed> {
    for await (const [name, data] of this.#packer.take(tensor)) {
      if (name.endsWith(".weight")) this.#weight = data as Int8Array<ArrayBuffer>;
      else if (name.endsWith(".weight_scale")) this.#scale = data as Float32Array<ArrayBuffer>;
      else yield* this.#finished(data as Float32Array);
    }
  }

  *#finished(bias: Float32Array): Generator<Packed> {
    const [name, weight, scale, input] = [this.#name, this.#weight, this.#scale, this.#input];
    if (input.kind !== "uniform") {
      yield [`${name}.weight`, dequantized(weight, scale)];
      yield [`${name}.bias`, bias];
      return;
    }
    yield [`${name}.weight`, weight];
    yield [`${name}.weight_scale`, scale];
    // (q - zero) s w = q s w - zero s w: the second term is the same for every row.
    const shift = input.zero * Math.fround(input.scale as number);
    const sums = columnSums(weight, bias.length);
    yield [`${name}.bias`, bias.map((b, n) => b - shift * scale[n] * sums[n])];
  }
}

/** For packed weights [k / 16, n, 16]: the sum of each output channel. */
function columnSums(packed: Int8Array, n: number): Float64Array {
  const sums = new Float64Array(n);
  for (let i = 0; i < packed.length; i++) sums[(i >> 4) % n] += packed[i];
  return sums;
}

/** Packed weights [k / 16, n, 16] -> f32 [k, n]. */
function dequantized(packed: Int8Array, scale: Float32Array): Float32Array {
  const n = scale.length;
  const values = new Float32Array(packed.length);
  for (let i = 0; i < packed.length; i++) {
    const channel = (i >> 4) % n;
    const k = Math.floor((i >> 4) / n) * 16 + (i & 15);
    values[k * n + channel] = packed[i] * scale[channel];
  }
  return values;
}
