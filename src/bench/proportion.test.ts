import { expect, test } from "vitest";
import { differenceOf, shareOf } from "./proportion.ts";

const hits = (right: number, wrong: number) =>
  [right, wrong].flatMap((count, i) => new Array<boolean>(count).fill(i === 0));

// values to four digits, as published
test("a share's interval is Wilson's: the examples of Newcombe 1998, table I, method 3", () => {
  const { value, low, high } = shareOf(hits(81, 182));
  expect([value, low, high].map((x) => x.toFixed(4))).toEqual(["0.3080", "0.2553", "0.3662"]);
  const none = shareOf(hits(0, 20));
  expect([none.low, none.high].map((x) => x.toFixed(4))).toEqual(["0.0000", "0.1611"]);
});

test("a difference counts the pictures that only one gets right, and is never a point", () => {
  const a = [...hits(60, 0), ...hits(12, 2), ...hits(0, 26)];
  const b = [...hits(60, 0), ...hits(0, 12), ...hits(2, 26)];
  const { value, low, high } = differenceOf(a, b);
  expect(value).toBe((12 - 2) / 100);
  // ((12.5 - 2.5) +- 1.96 sqrt(12.5 + 2.5 - 10^2 / 102)) / 102
  expect([low, high].map((x) => x.toFixed(4))).toEqual(["0.0261", "0.1700"]);
  const same = differenceOf(a, a);
  expect([same.value, Math.sign(same.low), Math.sign(same.high)]).toEqual([0, -1, 1]);
});
