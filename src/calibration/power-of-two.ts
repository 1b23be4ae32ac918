// Power-of-Two Factor: what LayerNorm reads has one scale and zero point, times 1, 2, 4 or 8 by channel (FQ-ViT, equations 6 to 9).

import type { Uniform } from "../quant/quantizer.ts";
import type { Observed } from "./observe.ts";
import { minMax, squaredError } from "./uniform.ts";

const FACTORS = [1, 2, 4, 8];

export function powerOfTwoFactor(observed: Observed, bits: number): Uniform {
  const { min, max } = minMax(observed, bits);
  const whole = Math.max((max - min) / (2 ** bits - 1), 1e-12);
  const zero = Math.round(-min / whole) - 2 ** (bits - 1);
  const least = whole / FACTORS[FACTORS.length - 1];
  const scale = Array.from({ length: observed.columns }, (_, c) => {
    const rows = observed.values.length / observed.columns;
    const channel = Float32Array.from(
      { length: rows },
      (_, row) => observed.values[row * observed.columns + c],
    );
    const scales = FACTORS.map((factor) => Math.fround(least * factor));
    const errors = scales.map((s) => squaredError(channel, { kind: "uniform", bits, scale: s, zero }));
    return scales[errors.indexOf(Math.min(...errors))];
  });
  return { kind: "uniform", bits, scale, zero };
}
