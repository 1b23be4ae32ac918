// Corrections of a layer's weight and bias for the errors of quantized inputs and weights.

import { nearest, type Quantizer } from "../quant/quantizer.ts";
import type { Linear } from "./layers.ts";
import { cholesky, gram, solve } from "./linear-algebra.ts";
import type { Sample } from "./observe.ts";
import type { QuantizedWeight } from "./weights.ts";

/** A sample at the levels of its quantizer. */
export function quantized({ values, columns }: Sample, quantizer: Quantizer): Sample {
  return { values: values.map((value, i) => nearest(quantizer, value, i % columns)), columns };
}

/** Ridge weight per row, of the paper's 0.1 x 10,000 on 32 images of 197 rows. */
const RIDGE = 1000 / (32 * 197);

/**
 * Adds to weight and bias the ridge regression of the error that quantized inputs make in the outputs on those inputs
 * (Zhong et al. 2024, ERQ, Aqer, equation 6). In place.
 */
export function regress({ weight, bias, out, inputs }: Linear, sample: Sample, came: Sample): void {
  const rows = sample.values.length / inputs;
  const wide = withOnes(came.values, inputs, bias ? 1 : 0);
  const columns = inputs + (bias ? 1 : 0);
  const factor = cholesky(gram(wide, columns), columns, RIDGE * rows);
  const errors = sample.values.map((value, i) => value - came.values[i]);
  // X_q^T (X - X_q): the products with the weights follow row by row.
  const cross = product(wide, columns, errors, inputs);
  for (let n = 0; n < out; n++) {
    const row = weight.subarray(n * inputs, (n + 1) * inputs);
    const right = Float64Array.from({ length: columns }, (_, i) => {
      let sum = 0;
      for (let k = 0; k < inputs; k++) sum += cross[i * inputs + k] * row[k];
      return sum;
    });
    const change = solve(factor, columns, right);
    for (let k = 0; k < inputs; k++) row[k] += change[k];
    if (bias) bias[n] += change[inputs];
  }
}

/** Adds the mean error of the outputs to the bias (Nagel et al. 2019, section 4.2, from samples as in their appendix D). In place. */
export function correctBias(
  { weight, bias, out, inputs }: Linear,
  { q, scale }: QuantizedWeight,
  sample: Sample,
  came: Sample,
): void {
  if (!bias) return;
  const [wanted, got] = [columnMeans(sample), columnMeans(came)];
  for (let n = 0; n < out; n++)
    for (let k = 0; k < inputs; k++) {
      const at = n * inputs + k;
      bias[n] += weight[at] * wanted[k] - q[at] * scale[n] * got[k];
    }
}

function columnMeans({ values, columns }: Sample): Float64Array {
  const means = new Float64Array(columns);
  for (let i = 0; i < values.length; i++) means[i % columns] += values[i];
  return means.map((sum) => (sum * columns) / values.length);
}

function withOnes(values: Float32Array, columns: number, ones: number): Float32Array {
  if (ones === 0) return values;
  const wide = new Float32Array((values.length / columns) * (columns + 1)).fill(1);
  for (let row = 0; row * columns < values.length; row++)
    wide.set(values.subarray(row * columns, (row + 1) * columns), row * (columns + 1));
  return wide;
}

/** A^T B of [rows, a] and [rows, b]. */
function product(a: Float32Array, aColumns: number, b: Float32Array, bColumns: number): Float64Array {
  const out = new Float64Array(aColumns * bColumns);
  for (let row = 0; row * aColumns < a.length; row++)
    for (let i = 0; i < aColumns; i++) {
      const x = a[row * aColumns + i];
      if (x === 0) continue;
      for (let j = 0; j < bColumns; j++) out[i * bColumns + j] += x * b[row * bColumns + j];
    }
  return out;
}
