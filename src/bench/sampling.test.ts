import { expect, test } from "vitest";
import { samplesOf } from "./sampling.ts";

const slow = (ms: number) => async () => {
  const end = performance.now() + ms;
  while (performance.now() < end);
  return ms;
};

test("long enough, but not too often", async () => {
  expect(await samplesOf(slow(0), { forMs: 1e6, atLeast: 2, atMost: 7 })).toHaveLength(7);
  expect(await samplesOf(slow(5), { forMs: 1, atLeast: 4, atMost: 7 })).toHaveLength(4);
  const some = await samplesOf(slow(5), { forMs: 22, atLeast: 1, atMost: 100 });
  // Five fit; a machine that stalls fits fewer.
  expect(some.length).toBeGreaterThan(1);
  expect(some.length).toBeLessThan(6);
});

test("patience ends, but never before one sample", async () => {
  expect(await samplesOf(slow(5), { forMs: 1e6, atLeast: 9, atMost: 9, patienceMs: 1 })).toEqual([5]);
});
