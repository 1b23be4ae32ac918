import { expect, test } from "vitest";
import { race } from "./race.ts";

test("ours runs before each of the others, and each is compared with its neighbour", async () => {
  const order: string[] = [];
  const runner = (name: string, ms: () => number) => ({
    name,
    run: () => {
      order.push(name);
      const end = performance.now() + ms();
      while (performance.now() < end);
      return Promise.resolve();
    },
  });
  // The machine slows down fourfold: the ratio stays.
  let slowness = 1;
  const ours = runner("A", () => 4 * slowness);
  const others = [runner("B", () => 12 * slowness), runner("C", () => 8 * slowness)];
  const repeats = { forMs: 0, atLeast: 2, atMost: 2 };
  const result = await race(ours, others, { repeats, onRound: () => (slowness = 4) });
  expect(order.join("")).toBe("ABACABAC");
  expect(result.ours.n).toBe(4);
  const [b, c] = result.others;
  expect(b.ms.n).toBe(2);
  expect(b.ratio.median).toBeGreaterThan(2);
  expect(b.ratio.median).toBeLessThan(4);
  expect(c.ratio.median).toBeLessThan(b.ratio.median);
});

test("an abort ends it between two runs", async () => {
  const abort = new AbortController();
  const ours = { name: "A", run: async () => abort.abort(new Error("enough")) };
  const options = { repeats: { forMs: 0, atLeast: 9, atMost: 9 }, signal: abort.signal };
  const others = ["B", "C"].map((name) => ({ name, run: async () => {} }));
  await expect(race(ours, others, options)).rejects.toThrow("enough");
});
