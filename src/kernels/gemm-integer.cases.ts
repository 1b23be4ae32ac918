import {
  bitsOfAll,
  dyadic,
  FRACTION,
  fixed,
  int8Scale,
  int8Step,
  numberOf,
  scaled,
  times,
} from "../quant/dyadic.ts";
import { gelu as ibertGelu } from "../quant/ibert.ts";
import { gelu as ivitGelu } from "../quant/ivit.ts";
import { ROW_SCALE } from "../quant/outlier.ts";
import type { AnyCases, HostArray, Rng } from "../testing/cases.ts";
import { gemmCasesOf } from "./gemm.shared.ts";
import { type GemmProblem, GROUP } from "./gemm.ts";
import { gemmInteger } from "./gemm-integer.ts";

type Host = Record<string, HostArray>;

/** The products of one row and column along K from `from` to `to`. */
function dot(
  { n, k }: GemmProblem,
  { a, w }: Host,
  row: number,
  column: number,
  from: number,
  to: number,
): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += a[row * k + i] * w[((i >> 4) * n + column) * 16 + (i & 15)];
  return sum;
}

/** y with 14 binary places, of groups of `width` along K with a scale each. */
function multiply(problem: GemmProblem, host: Host, width: number): Int32Array {
  const { rows, n, k } = problem;
  const [aScale, wScale, bias] = [host.a_scale, host.w_scale, host.bias].map((v) =>
    bitsOfAll(v as Float32Array),
  );
  return Int32Array.from({ length: rows * n }, (_, i) => {
    const [row, column] = [Math.floor(i / n), i % n];
    let y = fixed(bias[column], FRACTION);
    for (let g = 0; g < k / width; g++) {
      const sum = dot(problem, host, row, column, g * width, (g + 1) * width);
      y += scaled(sum, times(aScale[(row * k) / width + g], wScale[column]), FRACTION);
    }
    return y;
  });
}

const peakOf = (group: Int32Array) => group.reduce((peak, value) => Math.max(peak, Math.abs(value)), 0);
const groupsOf = (y: Int32Array) =>
  Array.from({ length: y.length / GROUP }, (_, g) => y.subarray(g * GROUP, (g + 1) * GROUP));

/** 15 bits below the peak of the group. */
function int16(value: number, peak: number): number {
  const excess = 17 - Math.min(Math.clz32(peak), 17);
  const steps = Math.min((Math.abs(value) + ((1 << excess) >> 1)) >> excess, 32767);
  return Math.sign(value) * numberOf(dyadic(steps, excess - FRACTION));
}

function added(problem: GemmProblem, host: Host) {
  const { n, rowsPerImage = 1, addendRows = 1 } = problem;
  const addend = bitsOfAll(host.addend as Float32Array);
  const y = multiply(problem, host, GROUP).map((value, i) => {
    const row = Math.floor(i / n);
    const addendRow = Math.floor(row / rowsPerImage) * addendRows + (row % rowsPerImage);
    return value + fixed(addend[addendRow * n + (i % n)], FRACTION);
  });
  return { out: groupsOf(y).flatMap((group) => Array.from(group, (value) => int16(value, peakOf(group)))) };
}

function quantized(gelu: (x: number) => number, problem: GemmProblem, host: Host) {
  const { activation = "none" } = problem;
  const y = multiply(problem, host, problem.k);
  const groups = groupsOf(activation === "none" ? y : y.map(gelu));
  return {
    out: groups.flatMap((group) => Array.from(group, (value) => int8Step(value, peakOf(group)))),
    out_scale: groups.map((group) => numberOf(int8Scale(peakOf(group), FRACTION))),
  };
}

/** A row here has only a scale. */
function scalesAlone(host: Host): Host {
  return { ...host, a_scale: host.a_scale.filter((_, i) => i % ROW_SCALE === 0) };
}

const { ibert, ivit, add } = gemmInteger;
const addCases = gemmCasesOf("groups", "add", add);
const ibertCases = gemmCasesOf("row", "quantize", ibert);
const exact = { abs: 0, rel: 0 };

export default [
  { ...addCases, reference: added, tolerance: { out: exact } },
  ...[
    { kernel: ibert, gelu: ibertGelu },
    { kernel: ivit, gelu: ivitGelu },
  ].map(({ kernel, gelu }) => ({
    ...ibertCases,
    kernel,
    inputs: (problem: GemmProblem, rng: Rng) => scalesAlone(ibertCases.inputs(problem as never, rng) as Host),
    reference: (problem: GemmProblem, host: Host) => quantized(gelu, problem, host),
    tolerance: { out: exact, out_scale: exact },
  })),
] as unknown as AnyCases[];
