import { nearest, type Quantizer } from "../quant/quantizer.ts";
import type { Activation } from "../tensor/activation.ts";
import type { AnyCases, HostArray, Rng } from "../testing/cases.ts";
import { ACTIVATE } from "../testing/reference.ts";
import {
  levels,
  levelsTable,
  type QuantizeLevelsProblem,
  quantizeLevels,
  roundToLevels,
} from "./quantize-levels.ts";

const uniform: Quantizer = { kind: "uniform", bits: 8, scale: 0.031, zero: -17 };
const six: Quantizer = { kind: "uniform", bits: 6, scale: 0.11, zero: 4 };
const four: Quantizer = { kind: "uniform", bits: 4, scale: 0.4, zero: -1 };
const twin: Quantizer = { kind: "twin", bits: 4, scale: 0.37, fine: 0.024, border: 0 };
const logarithmic: Quantizer = { kind: "log", bits: 4, scale: 3.1, step: 20 / 37, shift: 0.17 };

type Problem = QuantizeLevelsProblem & { readonly of: Quantizer };
const problem = (rows: number, columns: number, of: Quantizer, activation?: Activation): Problem => ({
  rows,
  columns,
  activation,
  levels: levels(of),
  of,
});

const integers = [
  { name: "one row", problem: problem(1, 64, uniform) },
  { name: "prime rows, 6 bits", problem: problem(13, 192, six) },
  { name: "4 bits", problem: problem(7, 128, four) },
  { name: "DeiT-Ti, GELU", problem: problem(197, 768, uniform, "gelu") },
];
const values = [
  { name: "one row", problem: problem(1, 64, uniform) },
  { name: "twin, GELU", problem: problem(13, 192, twin, "gelu") },
  { name: "logarithmic, GELU", problem: problem(5, 128, logarithmic, "gelu") },
];

/** Away from ties: where a driver's last bit decides between two levels, either is right. */
function inputs({ rows, columns, of, activation }: Problem, rng: Rng) {
  const undecided = (x: number) => {
    const y = ACTIVATE[activation ?? "none"](x);
    return nearest(of, y - 1e-4) !== nearest(of, y + 1e-4);
  };
  const x = rng.f32(rows * columns, 5).map((value) => {
    let moved = value;
    while (undecided(moved)) moved += 0.003;
    return moved;
  });
  return { x, table: levelsTable(columns, () => [of, 0]) };
}

const answer = ({ of, activation }: Problem, x: number) => nearest(of, ACTIVATE[activation ?? "none"](x));

export default [
  {
    kernel: quantizeLevels,
    problems: integers,
    inputs,
    outputs: ({ rows, columns }: Problem) => ({
      out: { type: "i8", length: rows * columns },
      out_scale: { type: "f32", length: (rows * columns) / 64 },
    }),
    reference: (p: Problem, { x }: Record<string, HostArray>) => {
      const { scale, zero } = p.of as { scale: number; zero: number };
      return {
        out: Float64Array.from(x, (value) => Math.round(answer(p, value) / scale) + zero),
        out_scale: new Float64Array(x.length / 64).fill(Math.fround(scale)),
      };
    },
    tolerance: { out: { abs: 0, rel: 0 }, out_scale: { abs: 0, rel: 0 } },
  },
  {
    kernel: roundToLevels,
    problems: values,
    inputs,
    outputs: ({ rows, columns }: Problem) => ({ out: { type: "f32", length: rows * columns } }),
    reference: (p: Problem, { x }: Record<string, HostArray>) => ({
      out: Float64Array.from(x, (value) => answer(p, value)),
    }),
    // one product of a level and a scale, or exp2, below 8
    tolerance: { out: { abs: 1e-6, rel: 2e-6 } },
  },
] as unknown as AnyCases[];
