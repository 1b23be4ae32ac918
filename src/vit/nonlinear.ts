// How the operations that are not linear are computed.

import { UnsupportedModelError } from "../errors/errors.ts";
import { part } from "../errors/part.ts";
import type { VitArchitecture } from "../format/config.ts";
import type { Capabilities } from "../gpu/kernel.ts";
import { type Int8Kernels, int8Kernels } from "./kernels.ts";
import type { Precision } from "./weights.ts";

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
  if (!NONLINEAR.includes(nonlinear))
    throw new RangeError(`nonlinear: expected one of ${NONLINEAR}, came ${nonlinear}`);
  if (isInteger(nonlinear) ? precision !== "int8" : integerOnly)
    throw new RangeError(
      `nonlinear: ibert and ivit need precision int8, and integerOnly one of them; came ${nonlinear}, ${precision}`,
    );
  return { precision, nonlinear, integerOnly };
}

/** What computes the int8 path; undefined: the default kernels. The others are fetched when they are asked for. */
export async function kernelsFor(
  { precision, nonlinear, integerOnly }: Arithmetic,
  machine?: Capabilities,
): Promise<Int8Kernels | undefined> {
  // What answers everywhere is in the core: slower, where a page has lost its network since it was opened.
  const shaped =
    machine && precision === "int8" ? shapedKernels(machine).catch(() => int8Kernels) : undefined;
  if (!isInteger(nonlinear)) return shaped;
  const { integerKernels } = await part(import("./integer-kernels.ts"));
  return integerKernels((await shaped) ?? int8Kernels, nonlinear, integerOnly);
}

/** Those shaped for this kind of adapter. */
async function shapedKernels({ software, int8Matrices }: Capabilities): Promise<Int8Kernels> {
  if (software) return (await import("./software-kernels.ts")).softwareKernels;
  if (int8Matrices.size > 0) return (await import("./matrix-kernels.ts")).matrixKernels;
  return (await import("./gpu-kernels.ts")).gpuKernels;
}

export function isInteger(nonlinear: Nonlinear): nonlinear is "ibert" | "ivit" {
  return nonlinear === "ibert" || nonlinear === "ivit";
}

/** The architecture as that arithmetic computes it. @throws UnsupportedModelError for an activation that it has no form of. */
export function withNonlinear(architecture: VitArchitecture, { nonlinear }: Arithmetic): VitArchitecture {
  const { activation, family } = architecture;
  // The tanh form is GELU too: 40 times as near to it as the integer forms are.
  if (activation === "quick_gelu" && isInteger(nonlinear))
    throw new UnsupportedModelError(`${family}: quick_gelu needs nonlinear exact or fast, came ${nonlinear}`);
  return nonlinear === "fast" && activation === "gelu"
    ? { ...architecture, activation: "gelu_tanh" }
    : architecture;
}
