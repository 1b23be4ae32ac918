import { afterEach, expect, test, vi } from "vitest";
import { race } from "./race.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

test("ours runs before each of the others, and each is compared with its neighbour", async () => {
  const order: string[] = [];
  let clock = 0;
  vi.spyOn(performance, "now").mockImplementation(() => clock);
  // The machine slows down fourfold: the ratio stays.
  let slowness = 1;
  const runner = (name: string, ms: number) => ({
    name,
    run: async () => {
      order.push(name);
      clock += ms * slowness;
    },
  });
  const repeats = { forMs: 0, atLeast: 2, atMost: 2 };
  const onRound = () => {
    slowness = 4;
  };
  const result = await race(runner("A", 4), [runner("B", 12), runner("C", 8)], { repeats, onRound });
  expect(order.join("")).toBe("ABACABAC");
  expect(result.ours).toMatchObject({ n: 4, median: 10 });
  const [b, c] = result.others;
  expect(b.ms).toMatchObject({ n: 2, median: 30 });
  expect(b.ratio).toMatchObject({ n: 2, median: 3 });
  expect(c.ratio).toMatchObject({ n: 2, median: 2 });
});

test("an abort ends it between two runs", async () => {
  const abort = new AbortController();
  const ours = { name: "A", run: async () => abort.abort(new Error("enough")) };
  const options = { repeats: { forMs: 0, atLeast: 9, atMost: 9 }, signal: abort.signal };
  const others = ["B", "C"].map((name) => ({ name, run: async () => {} }));
  await expect(race(ours, others, options)).rejects.toThrow("enough");
});
