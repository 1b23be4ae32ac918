// Logarithmic levels for values from 0 on: dense where a softmax, or a shifted GELU, has most of its values.

import type { Logarithmic } from "../quant/quantizer.ts";
import { leastOf, thinned } from "./uniform.ts";

const REST = { kind: "log", shift: 0 } as const;

/** Powers of two below 1 (Lin et al. 2022, FQ-ViT, Log-Int-Softmax, section 3.3). */
export const powersOfTwo = (bits: number): Logarithmic => ({ ...REST, bits, scale: 1, step: 1 });

/** Powers of sqrt 2 below the best of three quantiles (RepQ-ViT, section 4.3). */
export function powersOfRootTwo(values: Float32Array, bits: number): Logarithmic {
  const sorted = values.slice().sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))];
  return best(
    values,
    [0.999, 0.9999, 0.99999].map((share) => ({ ...REST, bits, scale: positive(at(share)), step: 0.5 })),
  );
}

/** r of the paper: the base is 2^(q / r). */
const R = 37;
/** Shifts GELU's minimum, -0.17, to 0. */
export const GELU_SHIFT = 0.17;

/** Base and scale with the least squared error (Wu et al. 2024, AdaLog, section 3.2; the grid is searched coarse, then fine). */
export function adaptive(values: Float32Array, bits: number, shift = 0): Logarithmic {
  const greatest = positive(values.reduce((most, value) => Math.max(most, value + shift), 0));
  const of = (q: number, share: number): Logarithmic => ({
    kind: "log",
    bits,
    scale: greatest * share,
    step: q / R,
    shift,
  });
  const some = thinned(values);
  const coarse = best(
    some,
    range(2, 2 * R, 4).flatMap((q) => range(0.3, 1, 0.1).map((share) => of(q, share))),
  );
  const [q, share] = [Math.round(coarse.step * R), coarse.scale / greatest];
  return best(
    some,
    range(Math.max(1, q - 3), q + 3, 1).flatMap((near) =>
      range(share - 0.06, share + 0.07, 0.02).map((s) => of(near, s)),
    ),
  );
}

const best = (values: Float32Array, candidates: readonly Logarithmic[]) =>
  leastOf(candidates, (candidate) => squaredError(values, candidate));

function squaredError(values: Float32Array, { bits, scale, step, shift }: Logarithmic): number {
  const levels = Float64Array.from({ length: 2 ** bits }, (_, q) => scale * 2 ** (-q * step));
  let total = 0;
  for (const value of values) {
    const shifted = value + shift;
    const q = Math.max(0, Math.round(-Math.log2(Math.max(shifted, 1e-30) / scale) / step));
    total += ((levels[q] ?? 0) - shifted) ** 2;
  }
  return total;
}

const positive = (value: number) => Math.max(value, 1e-6);
const range = (from: number, to: number, step: number) =>
  Array.from({ length: Math.floor((to - from) / step + 1e-9) + 1 }, (_, i) => from + i * step);
