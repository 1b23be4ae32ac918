/** `quantization_config` of config.json, in the compressed-tensors convention, as far as vit8 reads and writes it. */
import { asFields, type Fields, field, quote, unsupported } from "./fields.ts";

/** Int8 weights, one scale per output channel; activations are quantised at run time, one scale per token. */
export interface Quantization {
  method: "compressed-tensors";
  bits: 8;
  /** Names of modules that stay in float. */
  ignore: string[];
}

const WEIGHTS = { num_bits: 8, type: "int", symmetric: true, strategy: "channel", dynamic: false };
const ACTIVATIONS = { num_bits: 8, type: "int", symmetric: true, strategy: "token", dynamic: true };

/** What `vit8 quantize` writes into config.json. */
export function quantizationConfig(ignore: string[]): Fields {
  return {
    quant_method: "compressed-tensors",
    format: "int-quantized",
    quantization_status: "compressed",
    config_groups: {
      group_0: { targets: ["Linear", "Conv2d"], weights: WEIGHTS, input_activations: ACTIVATIONS },
    },
    ignore,
  };
}

/** Undefined for a float model; throws UnsupportedModelError naming the setting that vit8 does not run. */
export function parseQuantization(value: unknown): Quantization | undefined {
  if (value === undefined) return undefined;
  const config = asFields(value, "quantization_config");
  check(config, { quant_method: "compressed-tensors", format: "int-quantized" }, "quantization_config");
  const groups = Object.values(asFields(field(config, "config_groups"), "config_groups"));
  for (const group of groups.map((given) => asFields(given, "config_groups"))) {
    check(asFields(field(group, "weights"), "weights"), WEIGHTS, "weights");
    const activations = field(group, "input_activations");
    if (activations !== undefined)
      check(asFields(activations, "input_activations"), ACTIVATIONS, "input_activations");
  }
  const ignore = field(config, "ignore") ?? [];
  const names = Array.isArray(ignore) ? ignore.filter((name) => typeof name === "string") : [];
  return { method: "compressed-tensors", bits: 8, ignore: names };
}

function check(fields: Fields, expected: Fields, who: string): void {
  for (const [key, value] of Object.entries(expected)) {
    const came = field(fields, key);
    // compressed-tensors leaves out what its own default says
    if (came === value || (came === undefined && key === "dynamic" && value === false)) continue;
    throw unsupported(`${who}.${key}`, quote(value), came);
  }
}
