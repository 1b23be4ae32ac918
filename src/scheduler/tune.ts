// The choice of kernel and variant for each step by measuring which is the fastest. Fetched where that is requested.

import type { Gpu } from "../gpu/gpu.ts";
import type { AnyKernel } from "../gpu/kernel.ts";
import { type Candidate, candidatesFor } from "./choose.ts";
// Measures for it, and is imported here so that it is loaded when it is needed.
import "./measure.ts";
import { chooseProven } from "./proven.ts";
import { answersRight } from "./self-test.ts";
import type { Choice, Choose, Measure } from "./settle.ts";
import { problemKey } from "./step.ts";

export { chooseProven };

/** A challenger must be this much faster, or the noise of the clock would choose. */
const WORTH_CHANGING = 0.95;

/** Earlier measurements, by problem and build: kernel and variant. Cached by the platform between visits. */
export type Tuning = Map<string, { readonly kernel: string; readonly variant: string; readonly why: string }>;

/** The time left for measuring. */
interface Budget {
  leftMs: number;
}

/**
 * The fastest candidate. Measures until `budgetMs` is spent, and stores the results in `tuning`. Until the next visit has its own budget,
 * the table chooses for what is not measured.
 */
export function chooseByMeasuring(gpu: Gpu, tuning: Tuning, budgetMs = 150): Choose {
  const budget = { leftMs: budgetMs };
  const proven = chooseProven(gpu);
  return async (step, measure) => {
    const first = await proven(step, measure);
    const candidates = candidatesFor(step, gpu.capabilities);
    const key = `${problemKey(step)} ${buildOf(candidates)}`;
    const known = await remembered(gpu, tuning.get(key), candidates);
    if (known) return known;
    if (candidates.length === 1 || budget.leftMs <= 0) return first;
    const firstMs = await within(budget, () => measure(first.kernel, first.variant));
    const others = candidates.filter(({ kernel, name }) => kernel !== first.kernel || name !== first.variant);
    const { kernel, variant, ms, compared } = await fastest(
      gpu,
      others,
      { ...first, ms: firstMs },
      measure,
      budget,
    );
    const why = `measured: ${ms.toFixed(3)} ms, the table's choice ${firstMs.toFixed(3)} ms`;
    if (compared > 0) tuning.set(key, { kernel: kernel.name, variant, why });
    return { kernel, variant, why };
  };
}

interface Timed {
  readonly kernel: AnyKernel;
  readonly variant: string;
  readonly ms: number;
}

/**
 * `best`, or the fastest of `others` that passes its self-test and is faster by enough. The most promising are first, so that a budget that
 * ends early has compared the best ones.
 */
async function fastest(
  gpu: Gpu,
  others: readonly Candidate[],
  best: Timed,
  measure: Measure,
  budget: Budget,
): Promise<Timed & { compared: number }> {
  let found = best;
  let compared = 0;
  for (const { kernel, name: variant } of others) {
    if (budget.leftMs <= 0) break;
    const ms = await within(budget, async () =>
      // Compiling for the question counts too: there are drivers that take longer over it than over measuring.
      (await answersRight(gpu, kernel, variant)) ? measure(kernel, variant) : Number.POSITIVE_INFINITY,
    );
    compared++;
    if (ms < found.ms * WORTH_CHANGING) found = { kernel, variant, ms };
  }
  return { ...found, compared };
}

async function within<T>(budget: Budget, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  budget.leftMs -= performance.now() - start;
  return result;
}

/** Changes with any candidate's shader, so that a new build measures again (FNV-1a). */
function buildOf(candidates: readonly Candidate[]): string {
  let hash = 0x811c9dc5;
  for (const { variant } of candidates)
    for (let i = 0; i < variant.wgsl.length; i++)
      hash = Math.imul(hash ^ variant.wgsl.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16);
}

/** The candidate of that entry, if it still passes its self-test. */
async function remembered(
  gpu: Gpu,
  entry: { kernel: string; variant: string; why: string } | undefined,
  candidates: readonly Candidate[],
): Promise<Choice | undefined> {
  const found = candidates.find(
    ({ kernel, name }) => kernel.name === entry?.kernel && name === entry.variant,
  );
  if (!found || !(await answersRight(gpu, found.kernel, found.name))) return undefined;
  return { kernel: found.kernel, variant: found.name, why: `${entry!.why} (before)` };
}
