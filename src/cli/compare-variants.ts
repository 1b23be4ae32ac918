// The variants of `vit8 compare`: quantizers at bit widths, and forms of non-linear arithmetic.

import { isOffered, METHODS, type MethodName, WIDTHS, type Width } from "../calibration/methods.ts";
import { GRANULARITIES, type Granularity } from "../calibration/weights.ts";
import { type Arithmetic, NONLINEAR } from "../lower/arithmetic.ts";
import { type Arguments, UsageError } from "./command.ts";

export interface Variant {
  /** `float32`, `dynamic`, or the name of a calibrated quantizer with its options: `minmax+norm-inputs`. */
  readonly method: string;
  /** Bit widths of weights and activations: `w8a8`. */
  readonly bits: string;
  /** `exact`, `fast`, `ibert`, `ivit`, or `integers`: no float instruction from pixels to logits. */
  readonly nonlinear: string;
}

/** A calibrated quantizer of a variant. */
export interface Calibrated {
  readonly method: MethodName;
  readonly bits: Width;
  readonly normInputs: boolean;
  readonly biasCorrection: boolean;
  readonly weights?: Granularity;
}

export const FLOAT32: Variant = { method: "float32", bits: "w32a32", nonlinear: "exact" };
const DYNAMIC = "dynamic";
export const METHOD_NAMES = [DYNAMIC, ...Object.keys(METHODS)];
export const WIDTH_NAMES = Object.keys(WIDTHS);
const ADDITIONS = ["norm-inputs", "bias-correction", ...GRANULARITIES];
/** The same except for the levels of the inputs of LayerNorm: one scale, or one per channel times a power of two. */
const NORM_INPUTS = ["minmax+norm-inputs", "fqvit+norm-inputs"];
const INTEGERS = "integers";
const MODES = [...NONLINEAR, INTEGERS];

/**
 * Every method at every width with exact operations, and the pair of NORM_INPUTS at 8 bits; then the other operations with the method that
 * needs no images.
 */
export function variantsFrom(args: Arguments): Variant[] {
  const methods = chosen(args, "methods", METHOD_NAMES, ADDITIONS);
  const widths = chosen(args, "bits", WIDTH_NAMES);
  const modes = chosen(args, "nonlinear", MODES).filter((mode) => mode !== "exact");
  const offered = (method: string, bits: string) =>
    isOffered(method.split("+")[0] as MethodName, bits as Width, granularityOf(method));
  return [
    FLOAT32,
    ...widths.flatMap((bits) =>
      methods
        .filter((method) => offered(method, bits))
        .map((method) => ({ method, bits, nonlinear: "exact" })),
    ),
    ...(args.list("methods") || !widths.includes("w8a8") ? [] : NORM_INPUTS).map((method) => ({
      method,
      bits: "w8a8",
      nonlinear: "exact",
    })),
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

/** The granularity of weight scales in a method's name: `minmax+tensor`. */
export function granularityOf(method: string): Granularity | undefined {
  const [, ...additions] = method.split("+");
  return GRANULARITIES.find((granularity) => additions.includes(granularity));
}

/** Undefined where nothing is calibrated. */
export function calibratedOf({ method, bits }: Variant): Calibrated | undefined {
  const [name, ...additions] = method.split("+");
  if (name === FLOAT32.method || name === DYNAMIC) return undefined;
  return {
    method: name as MethodName,
    bits: bits as Width,
    normInputs: additions.includes("norm-inputs"),
    biasCorrection: additions.includes("bias-correction"),
    weights: granularityOf(method),
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
      known.includes(first) &&
      rest.every((addition) =>
        (first === DYNAMIC ? GRANULARITIES : additions).some((one) => one === addition),
      )
    );
  };
  const stranger = names.find((name) => !isKnown(name));
  if (stranger === undefined) return names;
  throw new UsageError(`--${option}: expected some of ${known.join(", ")}, got "${stranger}".`);
}
