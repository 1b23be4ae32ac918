// What `vit8 compare` compares: quantisers at widths, and ways to compute what is not linear.

import { METHODS, type MethodName, WIDTHS, type Width } from "../calibration/methods.ts";
import { type Arithmetic, NONLINEAR } from "../vit/nonlinear.ts";
import { type Arguments, UsageError } from "./command.ts";

export interface Variant {
  /** `float32`, `dynamic`, or a calibrated quantiser by its name with what is added to it: `minmax+norm-inputs`. */
  readonly method: string;
  /** Of weights and activations: `w8a8`. */
  readonly bits: string;
  /** `exact`, `fast`, `ibert`, `ivit`, or `integers`: no float instruction from pixels to logits. */
  readonly nonlinear: string;
}

/** A calibrated quantiser of a variant. */
export interface Calibrated {
  readonly method: MethodName;
  readonly bits: Width;
  readonly normInputs: boolean;
  readonly biasCorrection: boolean;
}

export const FLOAT32: Variant = { method: "float32", bits: "w32a32", nonlinear: "exact" };
const DYNAMIC = "dynamic";
export const METHOD_NAMES = [DYNAMIC, ...Object.keys(METHODS)];
export const WIDTH_NAMES = Object.keys(WIDTHS);
/** Scales made at run time are of 8 bits. */
const DYNAMIC_WIDTHS = ["w8a8", "w4a8"];
const ADDITIONS = ["norm-inputs", "bias-correction"];
const INTEGERS = "integers";
const MODES = [...NONLINEAR, INTEGERS];

/** Every method at every width with exact operations; then the other operations, for the method that needs no pictures. */
export function variantsFrom(args: Arguments): Variant[] {
  const methods = chosen(args, "methods", METHOD_NAMES, ADDITIONS);
  const widths = chosen(args, "bits", WIDTH_NAMES);
  const modes = chosen(args, "nonlinear", MODES).filter((mode) => mode !== "exact");
  const offered = (method: string, bits: string) => method !== DYNAMIC || DYNAMIC_WIDTHS.includes(bits);
  return [
    FLOAT32,
    ...widths.flatMap((bits) =>
      methods
        .filter((method) => offered(method, bits))
        .map((method) => ({ method, bits, nonlinear: "exact" })),
    ),
    ...modes.map((nonlinear) => ({ method: DYNAMIC, bits: "w8a8", nonlinear })),
  ];
}

export function nameOf({ method, bits, nonlinear }: Variant): string {
  return `${method} ${bits} ${nonlinear}`;
}

export function arithmeticOf({ method, nonlinear }: Variant): Partial<Arithmetic> {
  if (method === FLOAT32.method) return { precision: "float32" };
  return nonlinear === INTEGERS ? { integerOnly: true } : { nonlinear: nonlinear as Arithmetic["nonlinear"] };
}

/** Undefined where nothing is calibrated. */
export function calibratedOf({ method, bits }: Variant): Calibrated | undefined {
  if (method === FLOAT32.method || method === DYNAMIC) return undefined;
  const [name, ...additions] = method.split("+");
  return {
    method: name as MethodName,
    bits: bits as Width,
    normInputs: additions.includes("norm-inputs"),
    biasCorrection: additions.includes("bias-correction"),
  };
}

function chosen(
  args: Arguments,
  option: string,
  known: readonly string[],
  additions: readonly string[] = [],
): readonly string[] {
  const names = args.list(option) ?? known;
  const isKnown = (name: string) => {
    const [first, ...rest] = name.split("+");
    return (
      known.includes(first) && rest.every((addition) => first !== DYNAMIC && additions.includes(addition))
    );
  };
  const stranger = names.find((name) => !isKnown(name));
  if (stranger === undefined) return names;
  throw new UsageError(`--${option}: expected some of ${known.join(", ")}, came "${stranger}"`);
}
