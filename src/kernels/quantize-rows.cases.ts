import { ROW_SCALE } from "../quant/outlier.ts";
import type { AnyCases, HostArray, Rng } from "../testing/cases.ts";
import * as reference from "../testing/reference.ts";
import { GROUP } from "./gemm.ts";
import { type QuantizeRowsProblem, quantizeGroups, quantizeRows } from "./quantize-rows.ts";

const problems = [
  { name: "one group", problem: { rows: 1, columns: 64 } },
  { name: "prime rows", problem: { rows: 13, columns: 192 } },
  { name: "workgroup + 1", problem: { rows: 65, columns: 64 } },
  { name: "Swin's second stage", problem: { rows: 9, columns: 1536 } },
];

/** The grid has two dimensions, and its second row is not full. */
const flat = { name: "more rows than workgroups along x", problem: { rows: 32_769, columns: 64 } };

/** Of several rows one is zero, and some have outliers, in the last channel or in the first. */
function inputs({ rows, columns }: QuantizeRowsProblem, rng: Rng) {
  const x = rng.f32(rows * columns, 3);
  if (rows > 4) {
    x.fill(0, columns, 2 * columns);
    x[3 * columns - 1] = 90;
    x[3 * columns] = -2000;
  }
  return { x };
}

const i8 = ({ rows, columns }: QuantizeRowsProblem) => ({ type: "i8", length: rows * columns });

// A value near a tie may round to either neighbor.
const tolerance = { out: { abs: 1, rel: 0 }, out_scale: { abs: 1e-7, rel: 2e-5 } };

export default [
  {
    kernel: quantizeRows,
    problems: [...problems, flat],
    inputs,
    outputs: (p: QuantizeRowsProblem) => ({
      out: i8(p),
      out_scale: { type: "f32", length: p.rows * ROW_SCALE },
    }),
    reference: ({ columns }: QuantizeRowsProblem, { x }: Record<string, HostArray>) =>
      reference.quantizeRows(Float64Array.from(x), columns),
    tolerance,
  },
  {
    kernel: quantizeGroups,
    problems,
    inputs,
    outputs: (p: QuantizeRowsProblem) => ({
      out: i8(p),
      out_scale: { type: "f32", length: (p.rows * p.columns) / GROUP },
    }),
    reference: (_: QuantizeRowsProblem, { x }: Record<string, HostArray>) => reference.quantizeGroups(x),
    tolerance,
  },
] as unknown as AnyCases[];
