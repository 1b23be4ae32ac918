import { expect, test } from "vitest";
import { topClasses } from "./answer.ts";

const labels = ["a", "b", "c", "d"];

test("equal logits come in the order of their classes", () => {
  const top = topClasses(Float32Array.of(1, 2, 1, 2), labels, 3);
  expect(top.map(({ label, index }) => [label, index])).toEqual([
    ["b", 1],
    ["d", 3],
    ["a", 0],
  ]);
  expect(top[0].score).toBe(top[1].score);
});

test("one sigmoid for each class, in the order of the logits", () => {
  const top = topClasses(Float32Array.of(0, -1000, 1000, 2), labels, 4, "sigmoid");
  expect(top.map(({ label, score }) => [label, score])).toEqual([
    ["c", 1],
    ["d", 1 / (1 + Math.exp(-2))],
    ["a", 0.5],
    ["b", 0],
  ]);
});

test("the scores of all classes sum to 1, for logits of any size", () => {
  for (const offset of [0, 1000, -1000]) {
    const top = topClasses(Float32Array.of(offset, offset + 1, offset - 1, offset), labels, 99);
    expect(top).toHaveLength(4);
    expect(top.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 12);
    expect(top[0].score).toBeCloseTo(Math.E / (Math.E + 1 + 1 / Math.E + 1), 6);
  }
});
