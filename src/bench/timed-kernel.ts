// One variant of one kernel on one problem, ready to be dispatched again and again.

import type { Gpu } from "../gpu/gpu.ts";
import { Timer } from "../gpu/timer.ts";
import type { AnyCases } from "../testing/cases.ts";
import { inputsOf } from "../testing/check-case.ts";
import { Resources } from "../testing/run-kernel.ts";
import { type Repeats, samplesOf } from "./sampling.ts";
import { type Spread, spreadOf } from "./statistics.ts";

export interface KernelTime {
  /** Milliseconds of one dispatch. */
  readonly ms: Spread;
  readonly clock: Timer["source"];
  /** The same dispatches by the clock on the wall, with encoding, submit and wait shared among them. */
  readonly wallMs: Spread;
  /** Samples that a hidden tab has spoilt. */
  readonly discarded: number;
}

/** A sample is this long at least, so that a coarse clock (100 us in pages), a pass's own cost and the waiting are little. */
const SAMPLE_MS = 20;
const MOST_DISPATCHES = 2000;
/** The share of a sample's expected time during which its end is not polled. */
const UNWATCHED = 0.25;

export async function timeKernel(
  gpu: Gpu,
  cases: AnyCases,
  variant: string,
  problem: unknown,
  repeats: Repeats,
  signal?: AbortSignal,
): Promise<KernelTime> {
  const { kernel } = cases;
  const pipeline = await gpu.pipeline(kernel, variant, problem);
  const held = new Resources(gpu);
  const timer = new Timer(gpu);
  try {
    held.upload(kernel, problem, inputsOf(cases, problem));
    for (const [name, { length, padding = 0 }] of Object.entries(cases.outputs(problem as never)))
      held.add(name, gpu.buffer(name, (length + padding) * 4));
    const group = gpu.bind(kernel, held.byName);
    const grid = kernel.variants[variant].grid(problem as never);
    const measure = async (dispatches: number, onceMs = 0) => {
      const start = performance.now();
      const ms = await timer.measure(
        (pass) => {
          pass.setPipeline(pipeline);
          pass.setBindGroup(0, group);
          for (let i = 0; i < dispatches; i++) pass.dispatchWorkgroups(...grid);
        },
        UNWATCHED * onceMs * dispatches,
      );
      return { ms: ms / dispatches, wallMs: (performance.now() - start) / dispatches };
    };
    return await gpu.guarded(`${kernel.name} ${variant}`, async () => {
      await measure(1); // software drivers compile at the first dispatch
      const { ms: once } = await measure(1);
      const dispatches = Math.min(MOST_DISPATCHES, Math.max(1, Math.ceil(SAMPLE_MS / Math.max(once, 0.001))));
      const { values, discarded } = await samplesOf(() => measure(dispatches, once), repeats, signal);
      const [ms, wallMs] = [values.map((value) => value.ms), values.map((value) => value.wallMs)].map(
        spreadOf,
      );
      return { ms, wallMs, clock: timer.source, discarded };
    });
  } finally {
    timer.destroy();
    held.release();
  }
}
