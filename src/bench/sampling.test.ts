import { afterEach, expect, test, vi } from "vitest";
import { type Repeats, samplesOf } from "./sampling.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

const slow = (ms: number) => async () => {
  const end = performance.now() + ms;
  while (performance.now() < end);
  return ms;
};

test("long enough, but not too often", async () => {
  const times = async (ms: number, repeats: Repeats) => (await samplesOf(slow(ms), repeats)).values;
  expect(await times(0, { forMs: 1e6, atLeast: 2, atMost: 7 })).toHaveLength(7);
  expect(await times(5, { forMs: 1, atLeast: 4, atMost: 7 })).toHaveLength(4);
  const some = await times(5, { forMs: 22, atLeast: 1, atMost: 100 });
  // Five fit; a machine that stalls fits fewer.
  expect(some.length).toBeGreaterThan(1);
  expect(some.length).toBeLessThan(6);
});

test("patience ends, but never before one sample", async () => {
  const { values } = await samplesOf(slow(5), { forMs: 1e6, atLeast: 9, atMost: 9, patienceMs: 1 });
  expect(values).toEqual([5]);
});

test("a sample during which the tab was hidden does not count, and none begins before it is shown", async () => {
  const tab = Object.assign(new EventTarget(), { visibilityState: "hidden" });
  vi.stubGlobal("document", tab);
  const turn = (state: string) => {
    tab.visibilityState = state;
    tab.dispatchEvent(new Event("visibilitychange"));
  };
  let calls = 0;
  const measure = async () => {
    if (++calls === 2) {
      turn("hidden");
      setTimeout(() => turn("visible"), 5);
    }
    return calls;
  };
  const sampling = samplesOf(measure, { forMs: 0, atLeast: 2, atMost: 2 });
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(calls).toBe(0);
  turn("visible");
  expect(await sampling).toEqual({ values: [1, 3], discarded: 1 });
});
