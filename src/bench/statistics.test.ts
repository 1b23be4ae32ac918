import { expect, test } from "vitest";
import { spreadOf } from "./statistics.ts";

test("median and tenths, interpolated, whatever the order", () => {
  const samples = [11, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  expect(spreadOf(samples)).toEqual({ median: 6, p10: 2, p90: 10, n: 11 });
  expect(spreadOf([1, 2]).median).toBe(1.5);
  expect(samples[0]).toBe(11);
});

test("one sample is its own spread", () => {
  expect(spreadOf([5])).toEqual({ median: 5, p10: 5, p90: 5, n: 1 });
});
