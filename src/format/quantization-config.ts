/** `quantization_config` of config.json, in the compressed-tensors convention, as far as vit8 reads and writes it. */
import { asFields, type Fields, field, quote, readInteger, unsupported } from "./fields.ts";

/** Integer weights, one scale per output channel. */
export interface Quantization {
  method: "compressed-tensors";
  /** Of the weights. */
  bits: number;
  /** Names of modules that stay in float. */
  ignore: string[];
  /** Weights lie two a byte. */
  packed?: true;
  /** Levels of the activations that calibration settled, not yet checked; undefined: a scale per token, made at run time. */
  calibration?: Fields;
}

const WEIGHTS = { type: "int", symmetric: true, strategy: "channel", dynamic: false };
const DYNAMIC = { num_bits: 8, type: "int", symmetric: true, strategy: "token", dynamic: true };
const STATIC = { type: "int", symmetric: false, strategy: "tensor", dynamic: false };

export interface QuantizationOptions {
  readonly ignore?: string[];
  readonly weightBits?: number;
  /** With it activations are static. */
  readonly calibration?: { readonly bits: number; readonly fields: Fields };
}

/** What `vit8 quantize` writes into config.json. */
export function quantizationConfig({
  ignore = [],
  weightBits = 8,
  calibration,
}: QuantizationOptions = {}): Fields {
  const weights = { num_bits: weightBits, ...WEIGHTS };
  const input_activations = calibration ? { num_bits: calibration.bits, ...STATIC } : DYNAMIC;
  return {
    quant_method: "compressed-tensors",
    format: weightBits === 4 ? "pack-quantized" : "int-quantized",
    quantization_status: "compressed",
    config_groups: { group_0: { targets: ["Linear", "Conv2d"], weights, input_activations } },
    ignore,
    ...(calibration && { vit8: calibration.fields }),
  };
}

/** Undefined for a float model; throws UnsupportedModelError naming the setting that vit8 does not run. */
export function parseQuantization(value: unknown): Quantization | undefined {
  if (value === undefined) return undefined;
  const config = asFields(value, "quantization_config");
  check(config, { quant_method: "compressed-tensors" }, "quantization_config");
  const packed = field(config, "format") === "pack-quantized";
  if (!packed) check(config, { format: "int-quantized" }, "quantization_config");
  const given = field(config, "vit8");
  const calibration = given === undefined ? undefined : asFields(given, "vit8");
  let bits = 8;
  const groups = Object.values(asFields(field(config, "config_groups"), "config_groups"));
  for (const group of groups.map((fields) => asFields(fields, "config_groups"))) {
    const weights = asFields(field(group, "weights"), "weights");
    check(weights, WEIGHTS, "weights");
    bits = readInteger(weights, "num_bits", 2, 8);
    const activations = field(group, "input_activations");
    if (activations !== undefined)
      check(asFields(activations, "input_activations"), calibration ? STATIC : DYNAMIC, "input_activations");
  }
  const ignore = field(config, "ignore") ?? [];
  const names = Array.isArray(ignore) ? ignore.filter((name) => typeof name === "string") : [];
  return {
    method: "compressed-tensors",
    bits,
    ignore: names,
    ...(packed && { packed }),
    ...(calibration && { calibration }),
  };
}

function check(fields: Fields, expected: Fields, who: string): void {
  for (const [key, value] of Object.entries(expected)) {
    const came = field(fields, key);
    // compressed-tensors leaves out what its own default says
    if (came === value || (came === undefined && key === "dynamic" && value === false)) continue;
    throw unsupported(`${who}.${key}`, quote(value), came);
  }
}
