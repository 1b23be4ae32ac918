// Power-of-Two Factor: what LayerNorm reads has one scale and zero point, times 1, 2, 4 or 8 by channel (FQ-ViT, equations 6 to 9).

import type { Uniform } from "../quant/quantizer.ts";
import { channelOf, type Observed } from "./observe.ts";
import { leastOf, minMax, squaredError } from "./uniform.ts";

const FACTORS = [1, 2, 4, 8];

export function powerOfTwoFactor(observed: Observed, bits: number): Uniform {
  const { min, max } = minMax(observed, bits);
  const whole = Math.max((max - min) / (2 ** bits - 1), 1e-12);
  const zero = Math.round(-min / whole) - 2 ** (bits - 1);
  const least = whole / FACTORS[FACTORS.length - 1];
  const scale = Array.from({ length: observed.columns }, (_, c) => {
    const channel = channelOf(observed, c);
    const scales = FACTORS.map((factor) => Math.fround(least * factor));
    return leastOf(scales, (scale) => squaredError(channel, { kind: "uniform", bits, scale, zero }));
  });
  return { kind: "uniform", bits, scale, zero };
}
