import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bitsOf,
  dyadic,
  fixed,
  floatBits,
  int8Scale,
  int8Step,
  numberOf,
  reciprocal,
  scaled,
  squareRoot,
  times,
} from "./dyadic.ts";

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const i32 = fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 });
/** Numbers as they occur: from 2^-40 to 2^40, of either sign. */
const real = fc
  .tuple(fc.integer({ min: 2 ** 23, max: 2 ** 24 - 1 }), fc.integer({ min: -63, max: 16 }), fc.boolean())
  .map(([significand, exponent, negative]) => (negative ? -1 : 1) * significand * 2 ** exponent);

/** round(value factor 2^places), halves away from zero, as fractions of integers. */
function exactlyScaled(value: number, factor: number, places: number): number {
  const shift = 100n;
  const numerator = BigInt(value) * BigInt(factor * 2 ** 63) * (1n << (shift + BigInt(places)));
  const magnitude = numerator < 0n ? -numerator : numerator;
  const divisor = 1n << (63n + shift);
  const rounded = (2n * magnitude + divisor) / (2n * divisor);
  const saturated = Number(rounded > 2n ** 31n - 1n ? 2n ** 31n - 1n : rounded);
  return numerator < 0n ? -saturated : saturated;
}

test("a scaled integer is rounded once, halves away from zero, and saturates", () => {
  fc.assert(
    fc.property(i32, real, fc.integer({ min: -40, max: 40 }), (value, factor, places) => {
      expect(scaled(value, bitsOf(factor), places) + 0).toBe(exactlyScaled(value, factor, places) + 0);
    }),
    { numRuns: 2000 },
  );
  expect([3, -3, 5, -5].map((value) => scaled(value, bitsOf(0.5), 0))).toEqual([2, -2, 3, -3]);
  expect(scaled(7, bitsOf(0), 20)).toBe(0);
});

test("fixed point and back is the number, where its bits fit", () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 24), max: 2 ** 24 }), (value) => {
      expect(fixed(floatBits(value, 14), 14) + 0).toBe(value + 0);
      expect(numberOf(floatBits(value, 14)) + 0).toBe(value / 2 ** 14);
    }),
  );
});

describe("within their 24 bits", () => {
  /** Cut, so never above, and by less than one unit of 2^-23. */
  const cut = (got: number, expected: number, bound = 2 ** -23) => {
    expect(got).toBeLessThanOrEqual(expected);
    expect(got).toBeGreaterThan(expected * (1 - bound));
  };

  test("dyadic", () => {
    fc.assert(
      fc.property(u32.filter(Boolean), (value) => cut(numberOf(dyadic(value, -20)), value * 2 ** -20)),
    );
  });
  test("times", () => {
    fc.assert(
      fc.property(real, real, (a, b) =>
        cut(numberOf(times(bitsOf(a), bitsOf(b))) * Math.sign(a * b), Math.abs(a * b)),
      ),
    );
  });
  test("int8Scale", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 - 1 }), (peak) =>
        cut(numberOf(int8Scale(peak, 14)), peak / 2 ** 14 / 127),
      ),
    );
  });
  test("reciprocal, of 16 bits", () => {
    fc.assert(
      fc.property(u32.filter(Boolean), (n) => Math.abs(numberOf(reciprocal(n)) * n - 1) < 2 ** -14.9),
    );
  });
});

test("the square root is exact for every u32: squares, their neighbours, and any other", () => {
  const isRoot = (root: number, v: number) => root ** 2 <= v && v < (root + 1) ** 2;
  for (let root = 0; root < 2 ** 16; root++)
    for (const v of [root ** 2 - 1, root ** 2, root ** 2 + 2 * root])
      if (v >= 0 && !isRoot(squareRoot(v), v)) expect.fail(`sqrt ${v}`);
  fc.assert(fc.property(u32, (v) => isRoot(squareRoot(v), v)));
});

test("int8 steps are of the peak, to the nearest", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      fc.double({ min: -1, max: 1, noNaN: true }),
      (peak, share) => {
        const value = Math.round(peak * share);
        // From 2^23 on the last bits of both are cut.
        expect(Math.abs(int8Step(value, peak) - (127 * value) / peak)).toBeLessThanOrEqual(
          0.5 + 127 * 2 ** -21,
        );
      },
    ),
  );
  expect([int8Step(0, 0), int8Step(-9, 9), int8Step(2 ** 30, 2 ** 30)]).toEqual([0, -127, 127]);
});
