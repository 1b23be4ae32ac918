import { expect, test } from "vitest";
import { seeded } from "../testing/cases.ts";
import { driftOf, ratioOf, spreadOf } from "./statistics.ts";

test("median and tenths, interpolated, whatever the order", () => {
  const samples = [11, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  expect(spreadOf(samples)).toEqual({ median: 6, p10: 2, p90: 10, n: 11, samples });
  expect(spreadOf([1, 2]).median).toBe(1.5);
  expect(samples[0]).toBe(11);
});

test("one sample is its own spread", () => {
  expect(spreadOf([5])).toEqual({ median: 5, p10: 5, p90: 5, n: 1, samples: [5] });
});

test("drift is the last quarter against the first", () => {
  expect(driftOf([1, 1, 9, 9, 9, 9, 2, 2])).toBe(2);
  expect(driftOf([1, 2, 3])).toBeUndefined();
});

test("the interval of a ratio holds the true one about as often as it says", () => {
  const noise = seeded(3);
  const noisy = (middle: number) => Array.from(noise.f32(15, 0.2), (x) => middle * (1 + x));
  const held = Array.from({ length: 100 }, () => ratioOf(noisy(3), noisy(2))).filter(
    ({ low, high }) => low <= 1.5 && high >= 1.5,
  );
  // 95 of 100 with many samples; the percentile interval of 15 is a little narrow or wide.
  expect(held.length).toBeGreaterThan(85);
  const same = ratioOf([2, 2, 2], [1, 1]);
  expect(same).toEqual({ ratio: 2, low: 2, high: 2 });
});
