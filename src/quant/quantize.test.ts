import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seeded } from "../testing/cases.ts";
import { packRow, packWeights } from "./pack.ts";
import { quantizeRow, quantizeRows } from "./quantize.ts";

function quantized(...values: number[]) {
  const out = new Int8Array(values.length);
  return { scale: quantizeRow(Float32Array.from(values), out), q: [...out] };
}

describe("a row", () => {
  test("its peak becomes 127 or -127", () => {
    expect(quantized(0.5, -2, 1)).toEqual({ scale: Math.fround(2 / 127), q: [32, -127, 64] });
  });

  test("ties go away from zero, on both sides", () => {
    // The scale is 1: 127 / 127.
    expect(quantized(127, 0.5, -0.5, 1.5, -1.5, 2.5, 0.49, -0.49).q).toEqual([127, 1, -1, 2, -2, 3, 0, 0]);
  });

  test("of zeros has scale 0 and zeros", () => {
    expect(quantized(0, -0, 0)).toEqual({ scale: 0, q: [0, 0, 0] });
  });

  test("of numbers too small for a scale becomes zeros", () => {
    expect(quantized(2 ** -149, -(2 ** -149))).toEqual({ scale: 0, q: [0, 0] });
  });

  test("of the greatest floats stays finite", () => {
    const greatest = 3.4028234663852886e38;
    expect(quantized(greatest, -greatest)).toEqual({ scale: Math.fround(greatest / 127), q: [127, -127] });
  });

  test("no value is off by more than half a step, and -128 is never made", () => {
    const row = fc.float32Array({ minLength: 1, maxLength: 64, noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(row, (values) => {
        const { scale, q } = quantized(...values);
        const peak = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        // Below this the scale itself has lost bits to f32's smallest step.
        fc.pre(peak > 1e-36);
        // Half a step, and 127 times the scale's rounding of 2^-24.
        for (const [i, value] of values.entries())
          expect(Math.abs(q[i] * scale - value)).toBeLessThanOrEqual(scale * 0.5001);
        expect(Math.min(...q)).toBeGreaterThanOrEqual(-127);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  test("quantised again from its own values it is the same", () => {
    const row = fc.float32Array({ minLength: 1, maxLength: 64, noNaN: true, min: -8, max: 8 });
    fc.assert(
      fc.property(row, (values) => {
        const { scale, q } = quantized(...values);
        fc.pre(scale > 1e-36);
        expect(quantized(...q.map((value) => value * scale)).q).toEqual(q);
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});

test("planes of pixels answer a smooth picture better than values rounded alone", () => {
  const side = 16;
  const { f32 } = seeded(5);
  const smooth = Float64Array.from(
    { length: 3 * side * side },
    (_, i) => 1 + (i % side) / side + (Math.floor(i / side) % side) / side,
  );
  const answerErrors = { nearest: 0, diffused: 0 };
  for (let row = 0; row < 50; row++) {
    const values = f32(smooth.length);
    for (const [way, planes] of [
      ["nearest", 0],
      ["diffused", side],
    ] as const) {
      const q = new Int8Array(values.length);
      const scale = quantizeRow(values, q, planes);
      const error = smooth.reduce((sum, pixel, i) => sum + pixel * (q[i] - values[i] / scale), 0);
      answerErrors[way] += error ** 2;
      for (const [i, value] of values.entries()) expect(Math.abs(q[i] - value / scale)).toBeLessThan(1.5);
    }
  }
  // Errors that are passed on beyond an edge are lost, so they do not cancel completely: at most a fifth of the power is left.
  expect(answerErrors.diffused).toBeLessThan(answerErrors.nearest / 5);
});

test("each row of a weight has its own scale", () => {
  const { q, scale } = quantizeRows(Float32Array.of(1, -1, 100, 50), 2);
  expect([...q]).toEqual([127, -127, 127, 64]);
  expect([...scale]).toEqual([Math.fround(1 / 127), Math.fround(100 / 127)]);
});

describe("packed weights", () => {
  const [n, k] = [3, 32];
  const values = Int8Array.from({ length: n * k }, (_, i) => i);

  test("hold sixteen values of K of a channel side by side, channels next to one another", () => {
    const packed = packWeights(values, n, k);
    for (let row = 0; row < n; row++)
      for (let i = 0; i < k; i++)
        expect(packed[((i >> 4) * n + row) * 16 + (i & 15)]).toBe(values[row * k + i]);
  });

  test("take a row that begins late and ends early, and leave zeros about it", () => {
    const packed = new Int8Array(n * k);
    packRow(packed, n, 1, Int8Array.of(7, 8, 9), 16);
    const expected = new Int8Array(n * k);
    expected.set([7, 8, 9], (1 * n + 1) * 16);
    expect(packed).toEqual(expected);
  });
});
