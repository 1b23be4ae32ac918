// Alternating runs of one runner and the others, so that other work on the machine slows all of them.

import { goesOn, type Repeats, wallMs } from "./sampling.ts";
import { type Spread, spreadOf } from "./statistics.ts";
import { shown, watchHidden } from "./visibility.ts";

export interface Runner {
  readonly name: string;
  /** From images to logits. */
  run(): Promise<unknown>;
}

export interface Result {
  readonly name: string;
  /** Wall milliseconds of a run. */
  readonly ms: Spread;
  /** Its time over that of our run just before it. */
  readonly ratio: Spread;
}

export interface Race {
  readonly ours: Spread;
  readonly others: readonly Result[];
}

export interface RaceOptions {
  readonly repeats: Repeats;
  readonly signal?: AbortSignal;
  readonly onRound?: (rounds: number) => void;
}

/** Threads of the last run go to sleep before the next one is timed. */
const PAUSE_MS = 30;

/** Everyone has run before, so nothing compiles here. A round is A B A C A D: ours before each of the others. */
export async function race(
  ours: Runner,
  others: readonly Runner[],
  { repeats, signal, onRound }: RaceOptions,
): Promise<Race> {
  const oursMs: number[] = [];
  const lanes = others.map(({ name }) => ({ name, ms: [] as number[], ratios: [] as number[] }));
  const start = performance.now();
  for (let round = 0; goesOn(round, start, repeats); round++) {
    for (const [i, other] of others.entries()) {
      const [our, their] = await pair(ours, other, signal);
      oursMs.push(our);
      lanes[i].ms.push(their);
      lanes[i].ratios.push(their / our);
    }
    onRound?.(round + 1);
  }
  const result = ({ name, ms, ratios }: (typeof lanes)[number]): Result => ({
    name,
    ms: spreadOf(ms),
    ratio: spreadOf(ratios),
  });
  return { ours: spreadOf(oursMs), others: lanes.map(result) };
}

/** Milliseconds of one run each, neither of them in a hidden tab. */
async function pair(ours: Runner, other: Runner, signal: AbortSignal | undefined): Promise<[number, number]> {
  for (;;) {
    signal?.throwIfAborted();
    await shown(signal);
    const hidden = watchHidden();
    const times: [number, number] = [await rested(ours), await rested(other)];
    if (!hidden()) return times;
  }
}

async function rested(runner: Runner): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  return wallMs(() => runner.run());
}
