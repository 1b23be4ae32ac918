import { expect, test } from "vitest";
import { percent } from "./percent.ts";

test("one decimal, no space, and never a certainty that is none", () => {
  const shares = [0.838, 0.0804, 0, 1e-9, 0.0004999, 0.0005, 0.9994, 0.9995, 1 - 1e-9, 1, 1.25, undefined];
  expect(shares.map(percent)).toEqual([
    "83.8%",
    "8.0%",
    "0.0%",
    "<0.1%",
    "<0.1%",
    "0.1%",
    "99.9%",
    ">99.9%",
    ">99.9%",
    "100.0%",
    "125.0%",
    "",
  ]);
});
