// Quantizers of activations whose parameters are settled before a run: which values they have, and which is nearest.

/** q = round(x / scale) + zero within the int8 levels of `bits`; x ~ (q - zero) scale. A scale for all columns, or one for each. */
export interface Uniform {
  readonly kind: "uniform";
  readonly bits: number;
  readonly scale: number | readonly number[];
  readonly zero: number;
}

/** Two uniform ranges: steps of `fine` below `border`, of `scale` from there on, 2^(bits - 1) - 1 of them on either side of 0. */
export interface Twin {
  readonly kind: "twin";
  readonly bits: number;
  readonly scale: number;
  readonly fine: number;
  readonly border: number;
}

/** x ~ scale 2^(-q step) - shift for q in 0 to 2^bits - 1, and 0 - shift below. */
export interface Logarithmic {
  readonly kind: "log";
  readonly bits: number;
  readonly scale: number;
  /** Exponent of 2 from one level to the next: 1 for log2, 1/2 for log sqrt 2. */
  readonly step: number;
  readonly shift: number;
}

export type Quantizer = Uniform | Twin | Logarithmic;

/** The least and the greatest level. */
export function levelsOf({ kind, bits }: Quantizer): { low: number; high: number } {
  if (kind === "log") return { low: 0, high: 2 ** bits - 1 };
  const high = 2 ** (bits - 1) - 1;
  return { low: kind === "uniform" ? -high - 1 : -high, high };
}

/** The value that a quantizer has for x; the same formulas as shaders/lib/levels.wgsl, in f64. */
export function nearest(quantizer: Quantizer, x: number, column = 0): number {
  const { low, high } = levelsOf(quantizer);
  if (quantizer.kind === "log") {
    const { scale, step, shift } = quantizer;
    const q = Math.max(0, roundEven(-Math.log2(Math.max(x + shift, 1e-30) / scale) / step));
    return (q > high ? 0 : scale * 2 ** (-q * step)) - shift;
  }
  if (quantizer.kind === "twin") {
    const step = x < quantizer.border ? quantizer.fine : quantizer.scale;
    return clamp(roundEven(x / step), low, high) * step;
  }
  const scale = scaleAt(quantizer, column);
  return (clamp(roundEven(x / scale) + quantizer.zero, low, high) - quantizer.zero) * scale;
}

export function scaleAt({ scale }: Uniform, column: number): number {
  return typeof scale === "number" ? scale : (scale[column] ?? 1);
}

const clamp = (value: number, low: number, high: number) => (value < low ? low : value > high ? high : value);

/** Ties to even, as WGSL rounds. */
function roundEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  if (rest !== 0.5) return rest < 0.5 ? down : down + 1;
  return down % 2 === 0 ? down : down + 1;
}
