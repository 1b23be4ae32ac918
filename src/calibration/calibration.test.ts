// Calibration preserves the function where it claims to, and lowers the errors that it claims to lower.

import { describe, expect, test } from "vitest";
import { nearest, type Quantizer, type Uniform } from "../quant/quantizer.ts";
import { seeded } from "../testing/cases.ts";
import { correctBias, quantized, regress } from "./correct.ts";
import type { Linear, Norm } from "./layers.ts";
import { gram } from "./linear-algebra.ts";
import { adaptive, powersOfRootTwo, powersOfTwo } from "./logarithmic.ts";
import { type Observed, Observer } from "./observe.ts";
import { powerOfTwoFactor } from "./power-of-two.ts";
import { reparameterise } from "./reparameterise.ts";
import { smooth } from "./smooth.ts";
import { twinGelu, twinSoftmax } from "./twin.ts";
import { leastSquares, minMax, percentile, uniformOver } from "./uniform.ts";
import {
  absMax,
  GRANULARITIES,
  GROUP_SIZE,
  leastSquaresScale,
  quantizeCompensated,
  quantizeWeight,
  stepsOf,
} from "./weights.ts";

const COLUMNS = 12;
const ROWS = 300;

/** Normalized rows, times gamma, plus beta: channel 3 is an outlier. */
function made() {
  const { f32 } = seeded(7);
  const norm: Norm = { weight: f32(COLUMNS, 2).map((v) => v + 3), bias: f32(COLUMNS, 1) };
  norm.weight[3] = 60;
  const next: Linear = { weight: f32(8 * COLUMNS, 1), bias: f32(8, 1), out: 8, inputs: COLUMNS };
  const normal = f32(ROWS * COLUMNS, 1.7);
  return { norm, next, normal, seen: observed(affine(normal, norm)) };
}

const affine = (normal: Float32Array, { weight, bias }: Norm) =>
  normal.map((value, i) => value * weight[i % COLUMNS] + bias[i % COLUMNS]);

function observed(values: Float32Array, columns = COLUMNS): Observed {
  const observer = new Observer(Array.from({ length: columns }, (_, c) => c));
  const rows = values.length / columns;
  observer.add(values, columns, new Set(Array.from({ length: rows }, (_, row) => row)));
  return observer.finish();
}

function outputs(values: Float32Array, { weight, bias, out, inputs }: Linear): Float64Array {
  return Float64Array.from({ length: (values.length / inputs) * out }, (_, i) => {
    const [row, n] = [Math.floor(i / out), i % out];
    let sum = bias?.[n] ?? 0;
    for (let k = 0; k < inputs; k++) sum += values[row * inputs + k] * weight[n * inputs + k];
    return sum;
  });
}

const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.sqrt(Array.from(a, (value, i) => (value - b[i]) ** 2).reduce((x, y) => x + y, 0));
const errorOf = (values: Float32Array, of: Quantizer) =>
  distance(
    values.map((value, i) => nearest(of, value, i % COLUMNS)),
    values,
  );

describe("LayerNorm and the layer behind it", () => {
  test("compute the same after reparameterisation, and are quantised with a fraction of the error", () => {
    const { norm, next, normal, seen } = made();
    const before = outputs(seen.values, next);
    const plain = { ...next, weight: next.weight.slice() };
    const one = reparameterise(norm, next, seen, minMax, 6);
    const after = affine(normal, norm);
    // f32 weights, rounded once each: sums of 12 products up to 100
    expect(distance(outputs(after, next), before)).toBeLessThan(1e-2);
    const error = (values: Float32Array, linear: Linear, of: Uniform) =>
      distance(outputs(quantized({ values, columns: COLUMNS }, of).values, linear), before);
    const single = error(seen.values, plain, uniformOver(minMax(seen, 6), 6));
    // The outlier alone still has its large steps, so the gain is bounded.
    expect(error(after, next, one)).toBeLessThan(0.8 * single);
  });

  test("compute the same after smoothing", () => {
    const { norm, next, normal, seen } = made();
    const before = outputs(seen.values, next);
    const after = smooth(norm, next, seen);
    expect(distance(outputs(affine(normal, norm), next), before)).toBeLessThan(1e-2);
    expect(distance(after.values, affine(normal, norm))).toBeLessThan(1e-2);
  });
});

describe("levels", () => {
  test("uniform ones have 0 among them, and a range that pays no heed to a single outlier", () => {
    const values = seeded(3).f32(50_000, 1);
    values[17] = 400;
    const seen = { values, ranges: [{ min: -1, max: 400 }] };
    for (const range of [minMax, percentile, leastSquares])
      expect(nearest(uniformOver(range(seen, 4), 4), 0)).toBe(0);
    expect(percentile(seen, 4).max).toBeLessThan(2);
    const tailed = seeded(6)
      .f32(5000)
      .map((v) => 6 * v ** 9);
    const [least, whole] = [leastSquares, minMax].map((range) =>
      errorOf(tailed, uniformOver(range({ values: tailed, ranges: [{ min: -6, max: 6 }] }, 4), 4)),
    );
    expect(least).toBeLessThan(whole);
  });

  test("twin and logarithmic ones beat uniform ones in 4 bits on a softmax, and below 0 on GELU", () => {
    const softmax = seeded(4)
      .f32(20_000)
      .map((v, i) => (i % 200 ? 0.004 * Math.exp(3 * v) : 0.5));
    const plain = errorOf(softmax, uniformOver({ min: 0, max: 1 }, 4));
    for (const of of [twinSoftmax(softmax, 4), powersOfRootTwo(softmax, 4), adaptive(softmax, 4)])
      expect(errorOf(softmax, of)).toBeLessThan(plain);
    expect(errorOf(softmax, adaptive(softmax, 4))).toBeLessThanOrEqual(errorOf(softmax, powersOfTwo(4)));
    const gelu = seeded(5)
      .f32(20_000, 4)
      .map((x) => x / (1 + Math.exp(-1.702 * x)));
    const range = { min: Math.min(...gelu), max: Math.max(...gelu) };
    const negative = gelu.filter((value) => value < 0);
    expect(errorOf(negative, twinGelu(gelu, 4))).toBeLessThan(0.5 * errorOf(negative, uniformOver(range, 4)));
  });

  test("with a power of two by channel have less error than with one scale", () => {
    const { f32 } = seeded(9);
    const values = f32(ROWS * COLUMNS, 1).map((v, i) => (i % COLUMNS === 2 ? 30 * v : v));
    const seen = observed(values);
    expect(errorOf(values, powerOfTwoFactor(seen, 8))).toBeLessThan(
      0.6 * errorOf(values, uniformOver(minMax(seen, 8), 8)),
    );
  });
});

describe("weights in 4 bits", () => {
  const weightError = ({ weight, inputs }: Linear, { q, scale }: { q: Int8Array; scale: Float32Array }) =>
    distance(
      Float32Array.from(q, (level, i) => level * scale[Math.floor(i / inputs)]),
      weight,
    );

  test("have no more error with the scale of least squares than with that of the greatest", () => {
    const { next } = made();
    next.weight[5] = 9;
    expect(weightError(next, quantizeWeight(next, 4, stepsOf(next, 4, leastSquaresScale)))).toBeLessThan(
      weightError(next, quantizeWeight(next, 4, stepsOf(next, 4, absMax))),
    );
  });

  test("by group have less error than by channel, and by channel less than by tensor; all are int8 in 4 bits of levels", () => {
    const { f32 } = seeded(13);
    const weight = f32(6 * 64, 1).map((v, i) => v * (1 + Math.floor(i / 64)) * (i % 64 < 16 ? 4 : 1));
    const linear = { weight, bias: undefined, out: 6, inputs: 64 };
    const errors = GRANULARITIES.map((granularity) => {
      const { q, scale, multiples } = quantizeWeight(linear, 4, stepsOf(linear, 4, absMax, granularity));
      if (granularity === "tensor") expect(new Set(scale).size).toBe(1);
      if (multiples)
        for (const [i, value] of q.entries())
          expect([-7, -6, -5, -4, -3, -2, -1, -0, 0, 1, 2, 3, 4, 5, 6, 7]).toContain(
            value / multiples[Math.floor(i / GROUP_SIZE)],
          );
      return weightError(linear, { q, scale });
    });
    const [tensor, channel, group] = errors;
    // Three of four groups are a quarter as wide as the channel: its steps are four times theirs.
    expect(channel).toBeLessThan(0.8 * tensor);
    expect(group).toBeLessThan(0.6 * channel);
  });

  test("of a channel of zeros are zeros", () => {
    const linear = { weight: new Float32Array(64), bias: undefined, out: 1, inputs: 64 };
    for (const granularity of GRANULARITIES) {
      const { q, scale } = quantizeWeight(linear, 4, stepsOf(linear, 4, leastSquaresScale, granularity));
      expect([...q, ...scale].every((value) => value === 0)).toBe(true);
    }
  });

  test("change outputs less when one makes up for another, and when the bias does", () => {
    const { next } = made();
    const { f32 } = seeded(11);
    // Inputs that go together, and have a mean.
    const values = f32(ROWS * COLUMNS, 0.3).map((v, i) => v + Math.sin(Math.floor(i / COLUMNS)) + 0.5);
    const sample = { values, columns: COLUMNS };
    const error = (q: { q: Int8Array; scale: Float32Array }, linear = next) => {
      const weight = Float32Array.from(q.q, (level, i) => level * q.scale[Math.floor(i / COLUMNS)]);
      return distance(outputs(values, { ...linear, weight }), outputs(values, next));
    };
    const nearestOnes = quantizeWeight(next, 4, stepsOf(next, 4, absMax));
    const compensated = quantizeCompensated(next, 4, stepsOf(next, 4, absMax), gram(values, COLUMNS));
    expect(error(compensated)).toBeLessThan(0.5 * error(nearestOnes));
    const corrected = { ...next, bias: next.bias!.slice() };
    correctBias(corrected, nearestOnes, sample, sample);
    expect(error(nearestOnes, corrected)).toBeLessThan(0.9 * error(nearestOnes));
  });

  test("regressed on quantised inputs bring the outputs nearer to those of float inputs", () => {
    const { next } = made();
    const { f32 } = seeded(12);
    const seen = observed(f32(ROWS * COLUMNS, 0.3).map((v, i) => v + 2 * Math.sin(Math.floor(i / COLUMNS))));
    const came = quantized(seen, uniformOver(minMax(seen, 3), 3));
    const wanted = outputs(seen.values, next);
    const before = distance(outputs(came.values, next), wanted);
    regress(next, seen, came);
    expect(distance(outputs(came.values, next), wanted)).toBeLessThan(0.9 * before);
  });
});
