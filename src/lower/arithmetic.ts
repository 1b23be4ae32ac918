// The arithmetic of a model: precision, and the form of non-linear operations.

import { checkChoice } from "../errors/check.ts";
import type { Precision } from "./pack/packer.ts";

export const NONLINEAR = ["exact", "fast", "ibert", "ivit"] as const;
/** How GELU, softmax and LayerNorm are computed: in f32, in f32 with the tanh approximation of GELU, or in integers as in I-BERT or I-ViT. */
export type Nonlinear = (typeof NONLINEAR)[number];

/** The arithmetic of a model. */
export interface Arithmetic {
  readonly precision: Precision;
  readonly nonlinear: Nonlinear;
  /** Whether only integer instructions run from pixels to logits. */
  readonly integerOnly: boolean;
}

/** Adds the defaults. @throws RangeError for an unknown value, or values that cannot be combined. */
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

export function isInteger(nonlinear: Nonlinear): nonlinear is "ibert" | "ivit" {
  return nonlinear === "ibert" || nonlinear === "ivit";
}
