// The choice of kernel and variant for each step: the table's where it answers right, or the fastest by measuring.

import { SelfTestError } from "../errors/errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { type Candidate, candidatesFor, chooseByTable } from "./choose.ts";
import type { Choice, Choose } from "./plan.ts";
import { answersRight } from "./self-test.ts";
import { problemKey } from "./step.ts";

/** A challenger must be this much faster, or the noise of the clock would choose. */
const WORTH_CHANGING = 0.95;

/** What was measured before, by problem and build: kernel and variant. Kept by the platform between visits. */
export type Tuning = Map<string, { readonly kernel: string; readonly variant: string; readonly why: string }>;

/** The table's choice, or the first other candidate that answers right. */
export function chooseProven(gpu: Gpu): Choose {
  return async (step) => {
    const table = chooseByTable(step, gpu.capabilities);
    if (await answersRight(gpu, table.kernel, table.variant)) return table;
    for (const { kernel, name } of candidatesFor(step, gpu.capabilities))
      if (await answersRight(gpu, kernel, name))
        return { kernel, variant: name, why: `${table.kernel.name}/${table.variant} computes wrongly here` };
    throw new SelfTestError(
      `${step.label}: every variant of ${step.kernels[0].name} computes wrongly on this driver; update it, or use another browser`,
    );
  };
}

/**
 * Measures the candidates of each distinct problem until `budgetMs` of measuring is spent, and remembers in `tuning`.
 * What is left unmeasured then is the table's, until the next visit has its own budget.
 */
export function chooseByMeasuring(gpu: Gpu, tuning: Tuning, budgetMs = 150): Choose {
  const proven = chooseProven(gpu);
  let leftMs = budgetMs;
  return async (step, measure) => {
    const first = await proven(step, measure);
    const candidates = candidatesFor(step, gpu.capabilities);
    const key = `${problemKey(step)} ${buildOf(candidates)}`;
    const known = remembered(tuning.get(key), candidates);
    if (known && (await answersRight(gpu, known.kernel, known.variant))) return known;
    if (candidates.length === 1 || leftMs <= 0) return first;
    const timed = async ({ kernel, variant }: Pick<Choice, "kernel" | "variant">) => {
      const start = performance.now();
      // Compiling for the question counts too: there are drivers that take longer over it than over measuring.
      const right = await answersRight(gpu, kernel, variant);
      const ms = right ? await measure(kernel, variant) : Number.POSITIVE_INFINITY;
      leftMs -= performance.now() - start;
      return ms;
    };
    const firstMs = await timed(first);
    let best = { ...first, ms: firstMs };
    const others = candidates.filter(({ kernel, name }) => kernel !== first.kernel || name !== first.variant);
    // The likeliest come first, so that a budget that ends early has compared the best with the best.
    let compared = 0;
    for (const { kernel, name: variant } of others) {
      if (leftMs <= 0) break;
      const ms = await timed({ kernel, variant });
      compared++;
      if (ms < best.ms * WORTH_CHANGING) best = { kernel, variant, why: "", ms };
    }
    const why = `measured: ${best.ms.toFixed(3)} ms, the table's choice ${firstMs.toFixed(3)} ms`;
    if (compared > 0) tuning.set(key, { kernel: best.kernel.name, variant: best.variant, why });
    return { kernel: best.kernel, variant: best.variant, why };
  };
}

/** Changes with any candidate's shader, so that a new build measures anew (FNV-1a). */
function buildOf(candidates: readonly Candidate[]): string {
  let hash = 0x811c9dc5;
  for (const { variant } of candidates)
    for (let i = 0; i < variant.wgsl.length; i++)
      hash = Math.imul(hash ^ variant.wgsl.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16);
}

function remembered(
  entry: { kernel: string; variant: string; why: string } | undefined,
  candidates: readonly Candidate[],
): Choice | undefined {
  const found = candidates.find(
    ({ kernel, name }) => kernel.name === entry?.kernel && name === entry.variant,
  );
  return found && { kernel: found.kernel, variant: found.name, why: `${entry!.why} (before)` };
}
