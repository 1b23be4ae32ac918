// Weights on few levels: symmetric, q = round(w / scale) within +-(2^(bits - 1) - 1), a scale for each output channel; in groups
// of inputs steps are multiples of it, so that the products are still integers, summed over all inputs.

import type { Linear } from "./layers.ts";
import { cholesky, inverse } from "./linear-algebra.ts";

export interface QuantizedWeight {
  /** [out, in]: levels, times their group's multiple. */
  readonly q: Int8Array;
  /** [out]. */
  readonly scale: Float32Array;
  /** [out, in / GROUP_SIZE], 1 to MOST; undefined: no groups. */
  readonly multiples?: Uint8Array;
}

/** The weights that share a scale: those of a layer, of an output channel, or of 16 inputs of an output channel. */
export type Granularity = "tensor" | "channel" | "group";
export const GRANULARITIES: readonly Granularity[] = ["tensor", "channel", "group"];

/** Inputs of a group: a multiple of 4 bits for 16 weights adds a quarter of a bit to each. */
export const GROUP_SIZE = 16;
/** The largest multiple: 16 times a 4-bit level is an int8. */
const MOST = 16;

/** Scale of a row of weights. */
export type ScaleOf = (row: Float32Array, high: number) => number;

export const absMax: ScaleOf = (row, high) => {
  let peak = 0;
  for (const value of row) peak = Math.max(peak, Math.abs(value));
  return Math.fround(peak / high);
};

/** The scale with the least squared error, among the largest magnitude shrunk by 0 to 58% (Choukroun et al. 2019, OMSE). */
export const leastSquaresScale: ScaleOf = (row, high) => {
  const whole = absMax(row, high);
  let [least, chosen] = [Number.POSITIVE_INFINITY, whole];
  for (let i = 0; i < 30; i++) {
    const scale = Math.fround(whole * (1 - i / 50));
    const error = squaredError(row, scale, high);
    if (error < least) [least, chosen] = [error, scale];
  }
  return chosen;
};

/** The factors of q: the channels' scales, and the groups' multiples of them. */
type Steps = Omit<QuantizedWeight, "q">;

export function stepsOf(
  { weight, out, inputs }: Linear,
  bits: number,
  scaleOf: ScaleOf,
  granularity: Granularity = "channel",
): Steps {
  const high = 2 ** (bits - 1) - 1;
  if (granularity === "tensor") return { scale: new Float32Array(out).fill(scaleOf(weight, high)) };
  const rows = Array.from({ length: out }, (_, n) => weight.subarray(n * inputs, (n + 1) * inputs));
  // Multiples lie two a byte, and times more than 7 they are no int8.
  if (granularity === "channel" || bits > 4 || inputs % (2 * GROUP_SIZE) !== 0)
    return { scale: Float32Array.from(rows, (row) => scaleOf(row, high)) };
  const scale = Float32Array.from(rows, (row) => absMax(row, high) / MOST);
  const multiples = new Uint8Array(weight.length / GROUP_SIZE);
  for (let g = 0; g < multiples.length; g++) {
    const group = weight.subarray(g * GROUP_SIZE, (g + 1) * GROUP_SIZE);
    multiples[g] = leastSquaresMultiple(group, scale[Math.floor((g * GROUP_SIZE) / inputs)], high);
  }
  return { scale, multiples };
}

/** The multiple of the scale, 1 to MOST, with the least squared error. */
function leastSquaresMultiple(group: Float32Array, scale: number, high: number): number {
  let [least, chosen] = [Number.POSITIVE_INFINITY, MOST];
  for (let multiple = MOST; multiple > 0; multiple--) {
    const error = squaredError(group, scale * multiple, high);
    if (error < least) [least, chosen] = [error, multiple];
  }
  return chosen;
}

function squaredError(row: Float32Array, scale: number, high: number): number {
  let error = 0;
  for (let k = 0; k < row.length; k++) error += (level(row[k], scale, high) * scale - row[k]) ** 2;
  return error;
}

export function quantizeWeight({ weight, inputs }: Linear, bits: number, steps: Steps): QuantizedWeight {
  const high = 2 ** (bits - 1) - 1;
  const q = new Int8Array(weight.length);
  for (let i = 0; i < q.length; i++) {
    const multiple = multipleAt(steps, i);
    q[i] = level(weight[i], steps.scale[Math.floor(i / inputs)] * multiple, high) * multiple;
  }
  return { q, ...steps };
}

/**
 * The same levels, but what rounding one column costs is synthetic for by the columns after it, as far as inputs with this
 * Gram matrix [in, in] allow (Frantar et al. 2023, GPTQ, section 3.2).
 */
export function quantizeCompensated(
  { weight, out, inputs }: Linear,
  bits: number,
  steps: Steps,
  inputGram: Float64Array,
): QuantizedWeight {
  const high = 2 ** (bits - 1) - 1;
  const rest = Float64Array.from(weight);
  const lower = cholesky(inverse(cholesky(inputGram, inputs, damping(inputGram, inputs)), inputs), inputs);
  // Its columns, one after another in memory.
  const spread = transposed(lower, inputs);
  const q = new Int8Array(weight.length);
  for (let n = 0; n < out; n++) {
    const from = n * inputs;
    for (let k = 0; k < inputs; k++) {
      const multiple = multipleAt(steps, from + k);
      q[from + k] = level(rest[from + k], steps.scale[n] * multiple, high) * multiple;
      const error = (rest[from + k] - q[from + k] * steps.scale[n]) / spread[k * inputs + k];
      for (let j = k + 1; j < inputs; j++) rest[from + j] -= error * spread[k * inputs + j];
    }
  }
  return { q, ...steps };
}

const multipleAt = ({ multiples }: Steps, i: number) =>
  multiples ? multiples[Math.floor(i / GROUP_SIZE)] : 1;

function transposed(a: Float64Array, n: number): Float64Array {
  return a.map((_, i) => a[(i % n) * n + Math.floor(i / n)]);
}

/** A hundredth of the mean of the diagonal, as GPTQ has it. */
export function damping(inputGram: Float64Array, inputs: number): number {
  let trace = 0;
  for (let i = 0; i < inputs; i++) trace += inputGram[i * inputs + i];
  return (0.01 * trace) / inputs + 1e-9;
}

function level(value: number, scale: number, high: number): number {
  if (scale === 0) return 0;
  const scaled = value / scale;
  const rounded = scaled < 0 ? -Math.floor(0.5 - scaled) : Math.floor(scaled + 0.5);
  return rounded > high ? high : rounded < -high ? -high : rounded;
}
