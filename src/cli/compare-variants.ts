// What `vit8 compare` compares: quantisers at widths, and ways to compute what is not linear.

import { type Arithmetic, NONLINEAR } from "../vit/nonlinear.ts";
import { type Arguments, UsageError } from "./command.ts";

export interface Variant {
  /** `float32`, or a quantiser by its name. */
  readonly method: string;
  /** Of weights and activations: `w8a8`. */
  readonly bits: string;
  /** `exact`, `fast`, `ibert`, `ivit`, or `integers`: no float instruction from pixels to logits. */
  readonly nonlinear: string;
}

export const METHODS: readonly string[] = ["dynamic"];
export const WIDTHS: readonly string[] = ["w8a8"];
const INTEGERS = "integers";
const MODES = [...NONLINEAR, INTEGERS];

export const FLOAT32: Variant = { method: "float32", bits: "w32a32", nonlinear: "exact" };

/** Every method at every width with exact operations; then the other operations, for the method that needs no pictures. */
export function variantsFrom(args: Arguments): Variant[] {
  const methods = chosen(args, "methods", METHODS);
  const widths = chosen(args, "bits", WIDTHS);
  const modes = chosen(args, "nonlinear", MODES).filter((mode) => mode !== "exact");
  return [
    FLOAT32,
    ...methods.flatMap((method) => widths.map((bits) => ({ method, bits, nonlinear: "exact" }))),
    ...modes.map((nonlinear) => ({ method: "dynamic", bits: "w8a8", nonlinear })),
  ];
}

export function nameOf({ method, bits, nonlinear }: Variant): string {
  return `${method} ${bits} ${nonlinear}`;
}

export function arithmeticOf({ method, nonlinear }: Variant): Partial<Arithmetic> {
  if (method === FLOAT32.method) return { precision: "float32" };
  return nonlinear === INTEGERS ? { integerOnly: true } : { nonlinear: nonlinear as Arithmetic["nonlinear"] };
}

function chosen(args: Arguments, option: string, known: readonly string[]): readonly string[] {
  const names = args.list(option) ?? known;
  const stranger = names.find((name) => !known.includes(name));
  if (stranger === undefined) return names;
  throw new UsageError(`--${option}: expected some of ${known.join(", ")}, came "${stranger}"`);
}
