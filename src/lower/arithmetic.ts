// Which arithmetic a model is computed in.

import type { Precision } from "./pack/packer.ts";

export const NONLINEAR = ["exact", "fast", "ibert", "ivit"] as const;
/** GELU, softmax and LayerNorm: in f32; that with GELU by its tanh form; in integers as I-BERT or as I-ViT has them. */
export type Nonlinear = (typeof NONLINEAR)[number];

export interface Arithmetic {
  readonly precision: Precision;
  readonly nonlinear: Nonlinear;
  /** No float instruction from pixels to logits. */
  readonly integerOnly: boolean;
}

/** With the defaults. @throws RangeError for what there is not, or does not go together. */
export function arithmeticOf({
  precision = "int8",
  integerOnly = false,
  nonlinear = integerOnly ? "ibert" : "exact",
}: Partial<Arithmetic>): Arithmetic {
  checkChoice("precision", ["int8", "float32"], precision);
  checkChoice("nonlinear", NONLINEAR, nonlinear);
  if (isInteger(nonlinear) ? precision !== "int8" : integerOnly)
    throw new RangeError(
      `nonlinear: expected ibert or ivit for integerOnly, and precision int8 for either, got ${nonlinear} with ${precision}.`,
    );
  return { precision, nonlinear, integerOnly };
}

/** @throws RangeError for a value that an option does not have. */
export function checkChoice(option: string, choices: readonly string[], value: string): void {
  if (!choices.includes(value))
    throw new RangeError(`${option}: expected one of ${choices.join(", ")}, got ${value}.`);
}

export function isInteger(nonlinear: Nonlinear): nonlinear is "ibert" | "ivit" {
  return nonlinear === "ibert" || nonlinear === "ivit";
}
