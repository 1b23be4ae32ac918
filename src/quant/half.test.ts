import { expect, test } from "vitest";
import { toFloat32 } from "../tensor/dtype.ts";
import { toHalf } from "./half.ts";

const decode = (halves: Uint16Array) => toFloat32({ dtype: "F16" }, new Uint8Array(halves.buffer));

test("every finite half and infinity comes back", () => {
  const halves = Uint16Array.from({ length: 65536 }, (_, i) => i).filter((h) => (h & 0x7fff) <= 0x7c00);
  expect(toHalf(decode(halves))).toEqual(halves);
});

test("what lies between two halves goes to the nearer, ties to the even one", () => {
  const halves = Uint16Array.from({ length: 0x7bff }, (_, i) => i);
  const values = decode(halves);
  const middles = values.map((value, i) => (value + decode(Uint16Array.of(i + 1))[0]) / 2);
  const even = halves.map((h) => h + (h & 1));
  expect(toHalf(middles)).toEqual(even);
  expect(toHalf(middles.map((m) => m * (1 - 2 ** -22)))).toEqual(halves);
  expect(toHalf(middles.map((m) => m * (1 + 2 ** -22)))).toEqual(halves.map((h) => h + 1));
});

test("what is too big becomes infinity, NaN stays NaN", () => {
  expect([...toHalf(Float32Array.of(65519, 65520, 1e30, -1e30))]).toEqual([0x7bff, 0x7c00, 0x7c00, 0xfc00]);
  expect(decode(toHalf(Float32Array.of(NaN)))[0]).toBeNaN();
});
