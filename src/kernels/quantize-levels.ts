import floatWgsl from "../../shaders/quantize_levels.wgsl?float&wgsl";
import int8Wgsl from "../../shaders/quantize_levels.wgsl?wgsl";
import { defineKernel } from "../gpu/kernel.ts";
import { levelsOf, type Quantizer, scaleAt } from "../quant/quantizer.ts";
import { type Activation, activationCode } from "../tensor/activation.ts";
import { flat } from "./flat.ts";
import { checkGroups } from "./quantize-rows.ts";

/** The parameters of a quantizer that all columns share; scales and zero points are in the table. */
export interface Levels {
  readonly kind: Quantizer["kind"];
  readonly low: number;
  readonly high: number;
  readonly border: number;
  readonly step: number;
  readonly shift: number;
}

/** activation(x) of `rows` rows and `columns` columns, a multiple of 64, to a quantizer's levels. */
export interface QuantizeLevelsProblem {
  readonly rows: number;
  readonly columns: number;
  readonly activation?: Activation;
  readonly levels: Levels;
}

const KINDS = { uniform: 0, twin: 1, log: 2 } as const;
/** Six, padded to 16 bytes. */
const LEVELS_WORDS = 8;

export function levels(quantizer: Quantizer): Levels {
  const { border, step, shift } = { border: 0, step: 1, shift: 0, ...quantizer };
  return { kind: quantizer.kind, ...levelsOf(quantizer), border, step, shift };
}

/** struct Levels of lib/levels.wgsl; of no quantizer, that which lets every value be. */
export function packLevels(of: Levels | undefined): Uint32Array {
  const packed = new Uint32Array(LEVELS_WORDS);
  packed[0] = of ? KINDS[of.kind] : 3;
  if (of) new Float32Array(packed.buffer).set([of.low, of.high, of.border, of.step, of.shift], 1);
  return packed;
}

/** Four scales and four zero points (or fine steps) for every four of `columns` columns. */
export function levelsTable(
  columns: number,
  of: (column: number) => readonly [Quantizer, number],
): Float32Array {
  const table = new Float32Array(2 * columns);
  for (let c = 0; c < columns; c++) {
    const [quantizer, at] = of(c);
    const from = 8 * (c >> 2) + (c & 3);
    table[from] = quantizer.kind === "uniform" ? scaleAt(quantizer, at) : quantizer.scale;
    if (quantizer.kind === "uniform") table[from + 4] = quantizer.zero;
    if (quantizer.kind === "twin") table[from + 4] = quantizer.fine;
  }
  return table;
}

const vectors = ({ rows, columns }: QuantizeLevelsProblem) => (rows * columns) / 4;

const shared = {
  params: (problem: QuantizeLevelsProblem) => {
    const { columns, activation } = problem;
    // struct Levels begins at a multiple of 16 bytes, as uniforms have it.
    return Uint32Array.of(
      vectors(problem),
      columns / 4,
      activationCode(activation),
      0,
      ...packLevels(problem.levels),
    );
  },
  check: checkGroups("quantize_levels"),
  macs: (problem: QuantizeLevelsProblem) => 4 * vectors(problem),
};

/** Uniform levels as int8, a zero point in them, with the scale that one GEMM group of 64 columns shares. */
export const quantizeLevels = defineKernel({
  name: "quantize_levels",
  bindings: { x: "read", table: "read", out: "write", out_scale: "write", params: "uniform" },
  variants: { plain: flat(int8Wgsl, vectors) },
  bytes: (problem) => 20 * vectors(problem),
  ...shared,
});

/** Quantizes to the levels of any quantizer, and returns their f32 values. */
export const roundToLevels = defineKernel({
  name: "round_to_levels",
  bindings: { x: "read", table: "read", out: "write", params: "uniform" },
  variants: { plain: flat(floatWgsl, vectors) },
  bytes: (problem) => 32 * vectors(problem),
  ...shared,
});
