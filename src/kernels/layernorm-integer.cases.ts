import { bitsOfAll, FRACTION, floatBits, int8Scale, int8Step, numberOf } from "../quant/dyadic.ts";
import { layerNorm } from "../quant/integer-layernorm.ts";
import type { AnyCases, HostArray } from "../testing/cases.ts";
import { paddedRows } from "./gemm.ts";
import layernormCases from "./layernorm.cases.ts";
import type { LayerNormProblem } from "./layernorm.ts";
import { layernormInteger, layernormIntegerQuantize } from "./layernorm-integer.ts";

type Host = Record<string, HostArray>;
const [plain, quantized] = layernormCases;

/** Rows with 14 binary places. */
function normalised({ rows, width, stride, eps }: LayerNormProblem, { x, gamma, beta }: Host): Int32Array[] {
  const bits = (values: HostArray, from: number) =>
    bitsOfAll(values as Float32Array).subarray(from, from + width);
  return Array.from({ length: rows }, (_, row) => {
    const y = new Int32Array(stride);
    y.set(layerNorm(bits(x, row * stride), bits(gamma, 0), bits(beta, 0), eps));
    return y;
  });
}

const peakOf = (row: Int32Array) => row.reduce((peak, value) => Math.max(peak, Math.abs(value)), 0);
const exact = { abs: 0, rel: 0 };

export default [
  {
    ...plain,
    kernel: layernormInteger,
    reference: (p: LayerNormProblem, host: Host) => ({
      out: normalised(p, host).flatMap((row) =>
        Array.from(row, (value) => numberOf(floatBits(value, FRACTION))),
      ),
    }),
    tolerance: { out: exact },
  },
  {
    ...quantized,
    kernel: layernormIntegerQuantize,
    outputs: (p: LayerNormProblem) => ({
      ...quantized.outputs(p as never),
      out_scale: { type: "f32", length: p.rows, padding: paddedRows(p.rows) - p.rows },
    }),
    reference: (p: LayerNormProblem, host: Host) => {
      const rows = normalised(p, host);
      return {
        out: rows.flatMap((row) => Array.from(row, (value) => int8Step(value, peakOf(row)))),
        out_scale: rows.map((row) => numberOf(int8Scale(peakOf(row), FRACTION))),
      };
    },
    tolerance: { out: exact, out_scale: exact },
  },
] as unknown as AnyCases[];
