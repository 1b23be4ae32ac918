// The quantizers of a calibrated model's activations by name, read from its config with every number checked.

import { ModelFormatError, UnsupportedModelError } from "../errors/errors.ts";
import { asFields, type Fields, field, quote, readInteger } from "../format/fields.ts";
import { normedStream } from "../network/fused.ts";
import {
  type Concat,
  type FusedOp,
  type Gather,
  type Interpreter,
  interpret,
  type Linear,
  type Network,
  type PlainOp,
  type Pool,
  type Value,
} from "../network/op.ts";
import type { Quantizer } from "../quant/quantizer.ts";
import { addendOf } from "./problems.ts";

/**
 * Quantizers by name, in each block: `norm1` and `norm2` (outputs of LayerNorm), `query`, `key`, `value`, `softmax`, `attention` (its
 * output), `fc1` (output of the activation), and if LayerNorm's input is quantized too, `norm1.input` and `norm2.input`. Without `softmax`
 * its values stay f32.
 */
export type Calibration = ReadonlyMap<string, Quantizer>;

/** Operations with calibrated levels: products, norms, softmax and GELU. The others are in f32, after the last norm. */
export type CalibratedOp = PlainOp | Gather | Pool | Concat;
const CALIBRATED: readonly string[] = [
  "patches",
  "linear",
  "norm",
  "attention",
  "gather",
  "pool",
  "concat",
] satisfies CalibratedOp["kind"][];

/** @throws UnsupportedModelError for a network with another operation */
export function calibratedNetwork(network: Network<FusedOp>): Network<CalibratedOp> {
  const refuse = (op: FusedOp | undefined, expected: string, got: string | undefined = op?.kind) => {
    if (op)
      throw new UnsupportedModelError(
        `${op.name}: expected ${expected} that can be calibrated, got ${got}. Quantize only the weights.`,
      );
  };
  const { ops } = network;
  const heads = ops.find(({ kind, reads: [x] }) => kind === "norm" && x!.parts > 1);
  const apart = ops.find(({ kind, reads }) => kind === "attention" && reads.length > 1);
  refuse(
    ops.find(({ kind }) => !CALIBRATED.includes(kind)),
    "an operation",
  );
  refuse(heads, "a norm", "one behind attention");
  refuse(apart, "attention", "separate Q, K and V");
  refuse(normedStream(network), "a residual stream", "another");
  return network as Network<CalibratedOp>;
}

/** Whether a value stays f32: an output, or an input of operations in f32 only. */
export function isFloat(value: Value, { ops, outputs }: Network<CalibratedOp>): boolean {
  const readers = ops.filter(({ reads }) => (reads as readonly Value[]).includes(value));
  return (
    Object.values(outputs).includes(value) ||
    readers.every(({ kind }) => kind === "gather" || kind === "pool" || kind === "concat")
  );
}

/** @throws ModelFormatError for a quantizer that is missing or no quantizer. */
export function parseCalibration(fields: Fields, network: Network<CalibratedOp>): Calibration {
  const activations = asFields(field(fields, "activations"), "vit8.activations");
  const calibration = new Map(
    Object.entries(activations).map(([name, value]) => [name, parseQuantizer(asFields(value, name), name)]),
  );
  for (const name of network.ops.flatMap((op) => interpret(NEEDED, op, network)))
    if (!calibration.has(name))
      throw new ModelFormatError(
        `vit8.activations: expected a quantizer for ${name}, got none. Quantize the model again.`,
      );
  return calibration;
}

/** The quantizers of the output of each operation; the stream and the outputs have none. */
const NEEDED: Interpreter<CalibratedOp, [Network<CalibratedOp>], readonly string[]> = {
  patches: () => [],
  linear: (op, network) => {
    if (isQkv(op)) return ["query", "key", "value"].map((part) => op.name.replace(/qkv$/, part));
    return addendOf(op) || isFloat(op.out, network) ? [] : [op.out.name];
  },
  norm: ({ out }, network) => (isFloat(out, network) ? [] : [out.name]),
  attention: ({ out }) => [out.name],
  gather: () => [],
  pool: () => [],
  concat: () => [],
};

/** Whether it makes Q, K and V. */
export const isQkv = ({ out }: Linear) => out.parts > 1;

function parseQuantizer(fields: Fields, name: string): Quantizer {
  const kind = field(fields, "kind");
  const bits = readInteger(fields, "bits", 2, 8);
  const read = (key: string, least = Number.NEGATIVE_INFINITY) =>
    finite(field(fields, key), least, `${name}.${key}`);
  if (kind === "log")
    return { kind, bits, scale: read("scale", TINY), step: read("step", TINY), shift: read("shift") };
  if (kind === "twin")
    return { kind, bits, scale: read("scale", TINY), fine: read("fine", TINY), border: read("border") };
  if (kind !== "uniform")
    throw new ModelFormatError(`${name}.kind: expected uniform, twin or log, got ${quote(kind)}.`);
  const scale = field(fields, "scale");
  return {
    kind,
    bits,
    scale: Array.isArray(scale) ? scale.map((s) => finite(s, TINY, `${name}.scale`)) : read("scale", TINY),
    zero: read("zero"),
  };
}

/** The least f32 that divides without overflow on every driver. */
const TINY = 1e-30;

function finite(value: unknown, least: number, who: string): number {
  if (typeof value === "number" && Number.isFinite(value) && value >= least) return value;
  throw new ModelFormatError(`${who}: expected a finite number of ${least} or more, got ${quote(value)}.`);
}
