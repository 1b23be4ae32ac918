// The resolution of clocks: browsers make a page's clocks coarse intentionally, and a time close to the resolution is not meaningful.

import type { Gpu } from "../gpu/gpu.ts";
import { Timer } from "../gpu/timer.ts";
import { peakFloat } from "../kernels/peak-float.ts";

export interface Clocks {
  /** The clock of kernels. */
  readonly kernels: Timer["source"];
  /** Nanoseconds; absent without timestamps. */
  readonly timestampTickNs?: number;
  /** Microseconds between two readings of `performance.now()` that differ. */
  readonly wallTickUs: number;
}

/** The clock of a run without a GPU. */
export function wallClock(): Clocks {
  return { kernels: "wall", wallTickUs: tickOfWall() };
}

export async function clocksOf(gpu: Gpu): Promise<Clocks> {
  const timer = new Timer(gpu);
  try {
    const wallTickUs = tickOfWall();
    if (timer.source === "wall") return { kernels: "wall", wallTickUs };
    return { kernels: "timestamps", timestampTickNs: await tickOfTimestamps(gpu, timer), wallTickUs };
  } finally {
    timer.destroy();
  }
}

const READINGS = 20;

function tickOfWall(): number {
  let least = Number.POSITIVE_INFINITY;
  let before = performance.now();
  for (let seen = 0; seen < READINGS; ) {
    const now = performance.now();
    if (now === before) continue;
    least = Math.min(least, now - before);
    before = now;
    seen++;
  }
  return least * 1000;
}

/** The greatest number that divides the times of passes of many lengths. */
async function tickOfTimestamps(gpu: Gpu, timer: Timer): Promise<number> {
  const threads = 4096;
  const pipeline = await gpu.pipeline(peakFloat, "vec4", { threads, rounds: 64 });
  const [seed, out] = ["seed", "out"].map((name) => gpu.buffer(name, threads * 16));
  const group = gpu.bind(peakFloat, { seed, out });
  let tick = 0;
  for (let i = 1; i <= READINGS; i++) {
    const ms = await timer.measure((pass) => {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      for (let j = 0; j < i; j++) pass.dispatchWorkgroups(threads / 256);
    });
    tick = greatestDivisor(tick, Math.round(ms * 1e6));
  }
  gpu.release(seed, out);
  return tick;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
