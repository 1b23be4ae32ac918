import { expect, test } from "vitest";
import { agreementOfRuns, type Round } from "./agree.ts";

const NAMES = Array.from({ length: 40 }, (_, i) => `row ${i}`);
/** Each row has a time of its own, and samples within 2% of that. */
const round = (slower: number): Round =>
  new Map(NAMES.map((name, i) => [name, [0.99, 1, 1.02].map((noise) => (1 + i) * noise * slower)]));

test("the same times from two sides overlap, and their ratio holds 1", () => {
  const { rows, overlapping, ratio } = agreementOfRuns(
    [round(1), round(1.1), round(1.2)],
    [round(1.05), round(1.15), round(1.1)],
  );
  expect(rows).toHaveLength(NAMES.length);
  expect(overlapping).toBe(1);
  expect(ratio.low).toBeLessThan(1);
  expect(ratio.high).toBeGreaterThan(1);
});

test("a side that is slower in every round is told, by how much and how surely", () => {
  const { rows, overlapping, ratio } = agreementOfRuns([round(1.2), round(1.21)], [round(1), round(1.01)]);
  expect(overlapping).toBe(0);
  expect(ratio.ratio).toBeCloseTo(1.2, 1);
  expect(ratio.low).toBeGreaterThan(1.1);
  expect(rows[0].ratio).toBeCloseTo(ratio.ratio, 1);
});

test("what drifts between rounds is in the interval, though every sample of a round is the same", () => {
  const steady = (ms: number): Round => new Map([["row", [ms, ms, ms]]]);
  const { ratio, rows } = agreementOfRuns([steady(10), steady(14)], [steady(10), steady(10)]);
  expect(rows[0].overlap).toBe(true);
  expect([ratio.low, ratio.high]).toEqual([1, 1.4]);
});

test("a row that one round lacks is left out", () => {
  const [whole, lacking] = [round(1), new Map([...round(1)].slice(1))];
  const { rows } = agreementOfRuns([whole], [lacking]);
  expect(rows.map(({ name }) => name)).toEqual(NAMES.slice(1));
});
