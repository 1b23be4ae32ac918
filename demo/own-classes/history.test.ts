import { expect, test } from "vitest";
import { HEIGHT, History, SPAN_MS, WIDTH } from "./history.ts";

test("a class's line ends at the right, and what is older than the span is gone", () => {
  const history = new History();
  history.add(0, new Map([["cat", 1]]));
  history.add(SPAN_MS / 2, new Map([["cat", 0.5]]));
  history.add(SPAN_MS, new Map([["cat", 0]]));
  expect(history.pointsOf("cat")).toBe(
    `0.00,0.00 ${(WIDTH / 2).toFixed(2)},${(HEIGHT / 2).toFixed(2)} ${WIDTH.toFixed(2)},${HEIGHT.toFixed(2)}`,
  );
  history.add(1.25 * SPAN_MS, new Map([["cat", 0]]));
  expect(history.pointsOf("cat").split(" ")).toHaveLength(3);
  history.clear();
  expect(history.pointsOf("cat")).toBe("");
});

test("a class that is new has no line before it came", () => {
  const history = new History();
  history.add(0, new Map([["cat", 1]]));
  history.add(100, new Map([["dog", 1]]));
  expect(history.pointsOf("dog")).toBe(`${WIDTH.toFixed(2)},0.00`);
});
