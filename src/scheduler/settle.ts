// Chooses what runs each step of a graph: once for each distinct problem, for every step with it.

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

/** Milliseconds of a step on its own buffers. */
export type TimeMs = (step: { readonly step: Step; readonly choice: Omit<Choice, "why"> }) => Promise<number>;
/** Milliseconds of the step that is being chosen for. */
export type Measure = (kernel: AnyKernel, variant: string) => Promise<number>;
export type Choose = (step: Step, measure: Measure) => Choice | Promise<Choice>;

/** The steps, each with what runs it. */
export async function settle({ steps }: Graph, choose: Choose, timeMs: TimeMs): Promise<Settled[]> {
  const chosen = onceAProblem((step) =>
    choose(step, (kernel, variant) => timeMs({ step, choice: { kernel, variant } })),
  );
  const settled: Settled[] = [];
  for (const step of steps) settled.push({ step, choice: await chosen(step) });
  return settled;
}

function onceAProblem<T>(ask: (step: Step) => T) {
  const answers = new Map<string, T>();
  return (step: Step): T => {
    const key = problemKey(step);
    const answer = answers.has(key) ? (answers.get(key) as T) : ask(step);
    answers.set(key, answer);
    return answer;
  };
}
