// Checked reading of what several families' configs have.

import { asInteger, asSize, type Fields, field, oneOf, readPositive, unsupported } from "../format/fields.ts";
import { ACTIVATIONS, type Activation } from "../tensor/activation.ts";

export const MAX_MLP_WIDTH = 65_536;

/** A patch's side; throws UnsupportedModelError for one that is not square. */
export function asPatchSize(value: unknown): number {
  const { width, height } = asSize(value, "patch_size", 256);
  if (width === height) return width;
  throw unsupported("patch_size", "a square", `${width}x${height}`);
}

/** The MLP's width by its ratio to the token's, 4 where the config is silent. */
export function readMlpWidth(fields: Fields, width: number): number {
  return asInteger(Math.floor(width * readPositive(fields, "mlp_ratio", 4)), "mlp width", 1, MAX_MLP_WIDTH);
}

const entries = Object.entries(ACTIVATIONS) as [Activation, (typeof ACTIVATIONS)[Activation]][];
const TRANSFORMERS = Object.fromEntries(
  entries.flatMap(([name, { transformers }]) => transformers.map((alias) => [alias, name])),
);
const TIMM = Object.fromEntries(entries.map(([name, { timm }]) => [timm, name]));

/** `hidden_act` of transformers. */
export function readActivation(config: Fields, key = "hidden_act"): Activation {
  return oneOf(field(config, key) ?? "gelu", key, TRANSFORMERS);
}

/** `act_layer` of timm. */
export function readTimmActivation(args: Fields): Activation {
  return oneOf(field(args, "act_layer") ?? "gelu", "act_layer", TIMM);
}
