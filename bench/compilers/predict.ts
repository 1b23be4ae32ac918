// The time of a step on a card that is not there, from counts. A prediction: nothing has run.

import type { Figures } from "./figures.ts";
import type { Card } from "./gpus.ts";
import { type Loop, noCounts } from "./listing.ts";
import { multiplies, tripsOf, type Work } from "./trips.ts";

export interface Dispatch extends Work {
  readonly workgroups: number;
  /** Threads of one. */
  readonly threads: number;
  /** Bytes that the step reads and writes at least once. */
  readonly stepBytes: number;
}

export interface Prediction {
  readonly predictedUs: number;
  /** What its bytes take from memory. */
  readonly floorUs: number;
  /** What it waits for: vector or scalar instructions, workgroup memory, caches, or memory itself. */
  readonly bound: "vector" | "scalar" | "local" | "cache" | "memory";
  /** Of the card's SIMDs, those that have work through the whole step. */
  readonly fill: number;
}

/** Undefined if there are products but no counted one: the number of iterations of its loops is not known. */
export function predict(figures: Figures, dispatch: Dispatch, card: Card): Prediction | undefined {
  if (dispatch.products.length > 0 && !multiplies(figures.code)) return undefined;
  const { workgroups, threads, stepBytes } = dispatch;
  const waves = Math.ceil(threads / figures.wave);
  const busiestCore = Math.ceil(workgroups / card.cores);
  const busiestSimd = Math.ceil((busiestCore * waves) / card.simds);
  const run = executed(figures.code, tripsOf(figures.code, dispatch, figures.wave));
  const toUs = (cycles: number) => cycles / (card.ghz * 1000);
  const perCore = busiestCore * waves;
  const vectorCycles = run.vectorCycles + (figures.hasScalarUnit ? 0 : run.scalarCycles);
  const times = {
    vector: toUs(busiestSimd * vectorCycles),
    scalar: toUs(busiestSimd * run.scalarCycles),
    local: toUs((perCore * run.localBytes) / card.localBytes),
    cache: toUs((perCore * run.globalBytes) / card.cacheBytes),
    memory: stepBytes / (card.gbs * 1000),
  };
  const [bound, predictedUs] = Object.entries(times).reduce((a, b) => (b[1] > a[1] ? b : a));
  const fill = (workgroups * waves) / (busiestSimd * card.simds * card.cores);
  return { predictedUs, floorUs: times.memory, bound: bound as Prediction["bound"], fill };
}

/** Of one wave: each loop's counts as often as it turns. */
function executed(whole: Loop, trips: ReadonlyMap<Loop, number>) {
  const sum = noCounts();
  const add = (loop: Loop) => {
    for (const name of Object.keys(sum) as (keyof typeof sum)[])
      sum[name] += (trips.get(loop) ?? 1) * loop.own[name];
    loop.inner.forEach(add);
  };
  add(whole);
  return sum;
}
