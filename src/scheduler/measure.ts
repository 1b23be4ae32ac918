// How long a dispatch takes. Fetched with what chooses kernels by it.

import type { Timer } from "../gpu/timer.ts";

export { Timer } from "../gpu/timer.ts";

/** A page's clock ticks every 0.1 ms: a sample is as many dispatches as take ten ticks. */
const SAMPLE_MS = 1;
const MOST_DISPATCHES = 100;

/** Milliseconds of what `record` records, the better of two samples. */
export async function betterOfTwo(
  timer: Timer,
  record: (pass: GPUComputePassEncoder) => void,
): Promise<number> {
  const sample = (count: number) =>
    timer.measure((pass) => {
      for (let i = 0; i < count; i++) record(pass);
    });
  await sample(1); // some drivers compile at the first dispatch
  const ms = await sample(1);
  const count = Math.min(MOST_DISPATCHES, Math.ceil(SAMPLE_MS / ms));
  if (count <= 1) return Math.min(ms, await sample(1));
  return Math.min(await sample(count), await sample(count)) / count;
}
