// Matrix products on the CPU. Two columns of int8 weights share an f64, w0 + w1 2^26: one multiplication makes two
// products, and their sums stay apart and exact for up to 2064 of them (128 * 128 * 2064 < 2^25).

import { type GemmProblem, GROUP } from "../kernels/gemm.ts";
import { ROW_SCALE } from "../quant/outlier.ts";
import { activate } from "./activation.ts";
import { quantizeGroups } from "./quantize.ts";
import { TILE_LANES, TILE_ROWS, tile } from "./tile.ts";

const HIGH = 2 ** 26;
/** Products between two folds: a scale group at most. */
const LONGEST_FOLD = 1024;
/** Values of K side by side in a packed weight. */
const STEP = 16;

interface Int8Operands {
  readonly a: Int8Array;
  readonly w: Int8Array;
  /** A scale for each row and `k / (scales per row)` of k. */
  readonly a_scale: Float32Array;
  readonly w_scale: Float32Array;
  readonly bias: Float32Array;
}

/** y[rows, n] = (a w) a_scale w_scale + bias, with a scale of a for each `width` values of k. */
function multiplyInt8(
  { rows, n, k }: GemmProblem,
  { a, w, a_scale, w_scale, bias }: Int8Operands,
  width: number,
  y: Float32Array,
): void {
  const columns = 2 * TILE_LANES;
  const fold = Math.min(width, LONGEST_FOLD);
  const values = floats(a, rows, k);
  const lanes = new Float64Array(k * TILE_LANES);
  const sums = new Float64Array(TILE_ROWS * TILE_LANES);
  const totals = new Float64Array(TILE_ROWS * columns);
  for (let column = 0; column < n; column += columns) {
    packPairs(w, n, k, column, lanes);
    for (let row = 0; row < rows; row += TILE_ROWS) {
      totals.fill(0);
      for (let from = 0; from < k; from += fold) {
        tile(values, row * k, k, lanes, from, Math.min(k, from + fold), sums);
        const scaleAt = row * (k / width) + Math.floor(from / width);
        for (let i = 0; i < sums.length; i++) {
          const scale = a_scale[scaleAt + (i >> 1) * (k / width)];
          const high = Math.round(sums[i] / HIGH);
          totals[2 * i] += (sums[i] - high * HIGH) * scale;
          totals[2 * i + 1] += high * scale;
        }
      }
      const end = Math.min(rows, row + TILE_ROWS);
      for (let r = row; r < end; r++)
        for (let c = 0; c < columns; c++)
          y[r * n + column + c] = totals[(r - row) * columns + c] * w_scale[column + c] + bias[column + c];
    }
  }
}

/** The rows as f64, of which the last tile may read some more. */
function floats(a: Int8Array | Float32Array, rows: number, k: number): Float64Array {
  const values = new Float64Array(Math.ceil(rows / TILE_ROWS) * TILE_ROWS * k);
  values.set(a.subarray(0, rows * k));
  return values;
}

/** Four columns of w [k / 16, n, 16] as two lanes [k, 2]. */
function packPairs(w: Int8Array, n: number, k: number, column: number, lanes: Float64Array): void {
  for (let i = 0; i < k; i++) {
    const at = (Math.floor(i / STEP) * n + column) * STEP + (i % STEP);
    lanes[2 * i] = w[at] + w[at + STEP] * HIGH;
    lanes[2 * i + 1] = w[at + 2 * STEP] + w[at + 3 * STEP] * HIGH;
  }
}

/** y[rows, n] = a w + bias, with w [k, n]. */
function multiplyFloat(
  { rows, n, k }: GemmProblem,
  { a, w, bias }: Record<"a" | "w" | "bias", Float32Array>,
  y: Float32Array,
): void {
  const values = floats(a, rows, k);
  const lanes = new Float64Array(k * TILE_LANES);
  const sums = new Float64Array(TILE_ROWS * TILE_LANES);
  for (let column = 0; column < n; column += TILE_LANES) {
    for (let i = 0; i < k; i++)
      for (let c = 0; c < TILE_LANES; c++) lanes[i * TILE_LANES + c] = w[i * n + column + c];
    for (let row = 0; row < rows; row += TILE_ROWS) {
      tile(values, row * k, k, lanes, 0, k, sums);
      const end = Math.min(rows, row + TILE_ROWS);
      for (let r = row; r < end; r++)
        for (let c = 0; c < TILE_LANES; c++)
          y[r * n + column + c] = sums[(r - row) * TILE_LANES + c] + bias[column + c];
    }
  }
}

/** y + addend, or activation(y), in place; y [rows, n]. */
function finishFloat(problem: GemmProblem, y: Float32Array, addend?: Float32Array): void {
  if (addend) add(problem, addend, y);
  else activate(y, problem.activation);
}

interface FloatOutput {
  /** Added to the product; without it the activation is applied. */
  readonly addend?: Float32Array;
  readonly out: Float32Array;
}

interface GroupsOutput {
  readonly out: Int8Array;
  readonly out_scale: Float32Array;
}

/** out = a w + bias + addend, or activation(a w + bias); a_scale [rows, k / 64]. */
export function gemmGroupsFloat(problem: GemmProblem, arrays: Int8Operands & FloatOutput): void {
  const y = arrays.out.subarray(0, problem.rows * problem.n);
  multiplyGroups(problem, arrays, y);
  finishFloat(problem, y, arrays.addend);
}

/** The same of rows; a_scale [rows, 3], as LayerNorm makes it. */
export function gemmRowFloat(problem: GemmProblem, arrays: Int8Operands & FloatOutput): void {
  const y = arrays.out.subarray(0, problem.rows * problem.n);
  multiplyRow(problem, arrays, y);
  finishFloat(problem, y, arrays.addend);
}

/** out = activation(a w + bias) in int8 with a scale per row and 64 columns; a_scale [rows, 3]. */
export function gemmRowGroups(problem: GemmProblem, arrays: Int8Operands & GroupsOutput): void {
  const y = new Float32Array(problem.rows * problem.n);
  multiplyRow(problem, arrays, y);
  activate(y, problem.activation);
  quantizeGroups(y, GROUP, arrays.out, arrays.out_scale);
}

/** out = a w + bias + addend, or activation(a w + bias), all f32. */
export function gemmFloat(
  problem: GemmProblem,
  arrays: Record<"a" | "w" | "bias", Float32Array> & FloatOutput,
): void {
  const y = arrays.out.subarray(0, problem.rows * problem.n);
  multiplyFloat(problem, arrays, y);
  finishFloat(problem, y, arrays.addend);
}

function multiplyGroups(problem: GemmProblem, operands: Int8Operands, y: Float32Array): void {
  multiplyInt8(problem, operands, GROUP, y);
}

function multiplyRow(problem: GemmProblem, operands: Int8Operands, y: Float32Array): void {
  const a_scale = operands.a_scale.filter((_, i) => i % ROW_SCALE === 0);
  multiplyInt8(problem, { ...operands, a_scale }, problem.k, y);
  addOutliers(problem, operands, y);
}

/** The excess of a row's outlier over int8, times its weights. */
function addOutliers({ rows, n }: GemmProblem, { w, a_scale, w_scale }: Int8Operands, y: Float32Array): void {
  for (let row = 0; row < rows; row++) {
    const [scale, excess, k] = a_scale.subarray(row * ROW_SCALE, (row + 1) * ROW_SCALE);
    if (excess === 0) continue;
    const first = Math.floor(k / STEP) * n * STEP + (k % STEP);
    for (let column = 0; column < n; column++)
      y[row * n + column] += excess * w[first + column * STEP] * scale * w_scale[column];
  }
}

function add(problem: GemmProblem, addend: Float32Array, y: Float32Array): void {
  const { rows, n, rowsPerImage = 1, addendRows = 1 } = problem;
  for (let row = 0; row < rows; row++) {
    const from = (Math.floor(row / rowsPerImage) * addendRows + (row % rowsPerImage)) * n;
    for (let c = 0; c < n; c++) y[row * n + c] += addend[from + c];
  }
}
