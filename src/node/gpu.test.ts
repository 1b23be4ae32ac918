import { expect, test } from "vitest";
import { restfulWait } from "./gpu.ts";

test("nobody looks for an end that cannot have come", async () => {
  let turns = 0;
  let waiting = true;
  const count = () => {
    turns++;
    if (waiting) setImmediate(count);
  };
  setImmediate(count);
  const start = performance.now();
  await restfulWait(new Promise((resolve) => setTimeout(resolve, 1)), 40);
  waiting = false;
  expect(performance.now() - start).toBeGreaterThan(39);
  // One sleep, and what the event loop does around it; without the sleep it turns hundreds of times in a millisecond.
  expect(turns).toBeLessThan(10);
});
