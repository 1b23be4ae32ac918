/** `quantization_config` of config.json, in the compressed-tensors convention, as far as vit8 reads and writes it. */
import { asFields, type Fields, field, quote, readInteger, unsupported } from "./fields.ts";

/** Integer weights, one scale per output channel; in groups of inputs, a multiple of it for each. */
export interface Quantization {
  method: "compressed-tensors";
  /** Bits of the weights. */
  bits: number;
  /** Bits of the activations. */
  activationBits: number;
  /** The folder's record of how it was quantized. */
  notes?: Fields;
  /** Names of modules that stay in float; of a model, its layers. */
  ignore: string[];
  /** Names of modules with 8-bit weights if the others have fewer bits. */
  int8?: string[];
  /** Weights lie two a byte. */
  packed?: true;
  /** Inputs that share a multiple of their channel's scale. */
  groupSize?: number;
  /** Levels of the activations that calibration settled, not yet checked; undefined: a scale per token, made at run time. */
  calibration?: Fields;
}

/**
 * compressed-tensors has a float for each group; here it is a multiple of 4 bits, so the format has its own name, which other programs
 * reject.
 */
const GROUPED = "vit8-pack-quantized";
const WEIGHTS = { type: "int", symmetric: true, strategy: "channel", dynamic: false };
const DYNAMIC = { num_bits: 8, type: "int", symmetric: true, strategy: "token", dynamic: true };
const STATIC = { type: "int", symmetric: false, strategy: "tensor", dynamic: false };

export interface QuantizationOptions {
  readonly ignore?: readonly string[];
  readonly int8?: readonly string[];
  readonly weightBits?: number;
  /** For weights whose groups have multiples. */
  readonly groupSize?: number;
  /** The record of the calibration. */
  readonly notes?: Fields;
  /** Bits of static activations, whose levels are in the notes; default: dynamic activations. */
  readonly activationBits?: number;
}

/** The `quantization_config` that `vit8 quantize` writes into config.json. */
export function quantizationConfig({
  ignore = [],
  int8 = [],
  weightBits = 8,
  groupSize,
  notes,
  activationBits,
}: QuantizationOptions = {}): Fields {
  const groups = groupSize && { strategy: "group", group_size: groupSize };
  const input_activations = activationBits ? { num_bits: activationBits, ...STATIC } : DYNAMIC;
  const group = (targets: readonly string[], weights: Fields) => ({ targets, weights, input_activations });
  const group_0 = group(["Linear", "Conv2d"], { num_bits: weightBits, ...WEIGHTS, ...groups });
  const group_1 = group(int8, { num_bits: 8, ...WEIGHTS });
  return {
    quant_method: "compressed-tensors",
    format: groupSize ? GROUPED : weightBits === 4 ? "pack-quantized" : "int-quantized",
    quantization_status: "compressed",
    config_groups: { group_0, ...(int8.length > 0 && { group_1 }) },
    ignore,
    ...(notes && { vit8: notes }),
  };
}

/** Undefined for a float model; throws UnsupportedModelError naming the setting that vit8 does not run. */
export function parseQuantization(value: unknown): Quantization | undefined {
  if (value === undefined) return undefined;
  const config = asFields(value, "quantization_config");
  check(config, { quant_method: "compressed-tensors" }, "quantization_config");
  const grouped = field(config, "format") === GROUPED;
  const packed = grouped || field(config, "format") === "pack-quantized";
  if (!packed) check(config, { format: "int-quantized" }, "quantization_config");
  const notes = asFields(field(config, "vit8") ?? {}, "vit8");
  const calibration = field(notes, "activations") === undefined ? undefined : notes;
  let [bits, activationBits] = [8, 8];
  let groupSize: number | undefined;
  const int8: string[] = [];
  const groups = Object.values(asFields(field(config, "config_groups"), "config_groups"));
  for (const [i, group] of groups.map((fields) => asFields(fields, "config_groups")).entries()) {
    const weights = asFields(field(group, "weights"), "weights");
    const groupBits = readInteger(weights, "num_bits", 2, 8);
    // A group after the first lists layers with 8 bits if the first has fewer.
    const isInt8 = i > 0 && groupBits === 8 && bits < 8;
    const isGrouped = grouped && !isInt8;
    check(weights, isGrouped ? { ...WEIGHTS, strategy: "group" } : WEIGHTS, "weights");
    if (isGrouped) groupSize = readInteger(weights, "group_size", 1, 65536);
    if (isInt8) int8.push(...namesIn(field(group, "targets")));
    else bits = groupBits;
    const activations = field(group, "input_activations");
    if (activations === undefined) continue;
    const inputs = asFields(activations, "input_activations");
    check(inputs, calibration ? STATIC : DYNAMIC, "input_activations");
    activationBits = readInteger(inputs, "num_bits", 2, 8);
  }
  return {
    method: "compressed-tensors",
    bits,
    activationBits,
    notes,
    ignore: namesIn(field(config, "ignore")),
    ...(int8.length > 0 && { int8 }),
    ...(packed && { packed }),
    ...(groupSize && { groupSize }),
    ...(calibration && { calibration }),
  };
}

const namesIn = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];

function check(fields: Fields, expected: Fields, who: string): void {
  for (const [key, value] of Object.entries(expected)) {
    const got = field(fields, key);
    // compressed-tensors leaves out values that equal its defaults
    if (got === value || (got === undefined && key === "dynamic" && value === false)) continue;
    throw unsupported(`${who}.${key}`, quote(value), got);
  }
}
