// The quantisers of a calibrated model's activations by name, read from its config with every number checked.

import { ModelFormatError } from "../errors/errors.ts";
import { asFields, type Fields, field, quote, readInteger } from "../format/fields.ts";
import { type FusedOp, type Interpreter, interpret, type Linear, type Network } from "../network/op.ts";
import type { Quantizer } from "../quant/quantizer.ts";
import { addendOf } from "./problems.ts";

/**
 * By what they quantise, in each block: `norm1` and `norm2` (outputs of LayerNorm), `query`, `key`, `value`, `softmax`,
 * `attention` (its output), `fc1` (output of the activation), and where LayerNorm's input is quantised too `norm1.input`
 * and `norm2.input`. Without `softmax` its values stay f32.
 */
export type Calibration = ReadonlyMap<string, Quantizer>;

/** @throws ModelFormatError for a quantiser that is missing or no quantiser. */
export function parseCalibration(fields: Fields, network: Network<FusedOp>): Calibration {
  const activations = asFields(field(fields, "activations"), "vit8.activations");
  const calibration = new Map(
    Object.entries(activations).map(([name, value]) => [name, parseQuantizer(asFields(value, name), name)]),
  );
  for (const name of network.ops.flatMap((op) => interpret(NEEDED, op, network)))
    if (!calibration.has(name))
      throw new ModelFormatError(
        `vit8.activations: expected a quantiser for ${name}, but there is none; quantize again`,
      );
  return calibration;
}

/** The quantisers of what each operation makes; the stream and the answers have none. */
const NEEDED: Interpreter<FusedOp, [Network<FusedOp>], readonly string[]> = {
  patches: () => [],
  linear: (op, { outputs }) => {
    if (isQkv(op)) return ["query", "key", "value"].map((part) => op.name.replace(/qkv$/, part));
    return addendOf(op) || Object.values(outputs).includes(op.out) ? [] : [op.out.name];
  },
  norm: ({ out }, { outputs }) => (Object.values(outputs).includes(out) ? [] : [out.name]),
  attention: ({ out }) => [out.name],
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
    throw new ModelFormatError(`${name}.kind: expected uniform, twin or log, but it is ${quote(kind)}`);
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
  throw new ModelFormatError(`${who}: expected a finite number from ${least} on, but it is ${quote(value)}`);
}
