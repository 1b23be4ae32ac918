// Which steps of a graph run, and as what: asked once for each distinct problem, and told to every step that has it.

import type { AnyKernel } from "../gpu/kernel.ts";
import { type Graph, problemKey, type Step } from "./step.ts";

/** Which kernel and variant a step runs, and why, in words for the report. */
export interface Choice {
  readonly kernel: AnyKernel;
  readonly variant: string;
  readonly why: string;
}

export interface Settled {
  readonly step: Step;
  readonly choice: Choice;
}

/** Milliseconds of steps one behind the other, on their own buffers. */
export type TimeMs = (
  ...steps: { readonly step: Step; readonly choice: Omit<Choice, "why"> }[]
) => Promise<number>;
/** Milliseconds of the step that is being chosen for. */
export type Measure = (kernel: AnyKernel, variant: string) => Promise<number>;
export type Choose = (step: Step, measure: Measure) => Choice | Promise<Choice>;

/** Steps, as they are chosen, that one may stand for. */
export interface Parts {
  readonly kernels: readonly AnyKernel[];
  readonly measureMs: () => Promise<number>;
}

/** What a step that may stand for others runs; undefined: they stay. */
export type Fuse = (fused: Step, measure: Measure, parts: Parts) => Promise<Choice | undefined>;

export interface Chooser {
  readonly choose: Choose;
  /** Absent: every step by itself. */
  readonly fuse?: Fuse;
}

/** The steps that run, in order: the graph's, or fused ones in their place. */
export async function settle(
  { steps, fusions }: Graph,
  { choose, fuse }: Chooser,
  timeMs: TimeMs,
): Promise<Settled[]> {
  const measureOf =
    (step: Step): Measure =>
    (kernel, variant) =>
      timeMs({ step, choice: { kernel, variant } });
  const chosen = onceAProblem((step) => choose(step, measureOf(step)));
  const single: Settled[] = [];
  for (const step of steps) single.push({ step, choice: await chosen(step) });
  if (!fuse || !fusions) return single;

  const chosenForAll = onceAProblem((step, parts: readonly Settled[]) =>
    fuse(step, measureOf(step), {
      kernels: parts.map(({ choice }) => choice.kernel),
      measureMs: () => timeMs(...parts),
    }),
  );
  const fusedAt = async (i: number) => {
    for (const { step, count } of fusions.get(single[i].step.label) ?? []) {
      const choice = await chosenForAll(step, single.slice(i, i + count));
      if (choice) return { settled: { step, choice }, count };
    }
    return { settled: single[i], count: 1 };
  };
  const settled: Settled[] = [];
  for (let i = 0; i < single.length; ) {
    const next = await fusedAt(i);
    settled.push(next.settled);
    i += next.count;
  }
  return settled;
}

function onceAProblem<T, Rest extends unknown[]>(ask: (step: Step, ...rest: Rest) => T) {
  const answers = new Map<string, T>();
  return (step: Step, ...rest: Rest): T => {
    const key = problemKey(step);
    const answer = answers.has(key) ? (answers.get(key) as T) : ask(step, ...rest);
    answers.set(key, answer);
    return answer;
  };
}
