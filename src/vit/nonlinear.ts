// How the operations that are not linear are computed.

import type { VitArchitecture } from "../format/config.ts";
import type { Precision } from "./weights.ts";

export const NONLINEAR = ["exact", "fast"] as const;
/** GELU, softmax and LayerNorm: in f32, or that with GELU by its tanh form. */
export type Nonlinear = (typeof NONLINEAR)[number];

export interface Arithmetic {
  readonly precision: Precision;
  readonly nonlinear: Nonlinear;
}

/** With the defaults. @throws RangeError for what there is not. */
export function arithmeticOf({ precision = "int8", nonlinear = "exact" }: Partial<Arithmetic>): Arithmetic {
  if (!NONLINEAR.includes(nonlinear))
    throw new RangeError(`nonlinear: expected one of ${NONLINEAR}, came ${nonlinear}`);
  return { precision, nonlinear };
}

/** The architecture as that arithmetic computes it. */
export function withNonlinear(architecture: VitArchitecture, { nonlinear }: Arithmetic): VitArchitecture {
  const { activation } = architecture;
  return nonlinear === "fast" && activation === "gelu"
    ? { ...architecture, activation: "gelu_tanh" }
    : architecture;
}
