// Every kernel by itself: proved right, then timed at the shapes of a model.

import type { ModelDescription } from "../classifier/model.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { variantsFor } from "../gpu/kernel.ts";
import type { Timer } from "../gpu/timer.ts";
import type { AnyCases } from "../testing/cases.ts";
import { vitGraph } from "../vit/graph.ts";
import type { Peaks } from "./peaks.ts";
import { type Proof, provenOn } from "./proof.ts";
import { type Repeats, wallMs } from "./sampling.ts";
import type { Spread } from "./statistics.ts";
import { timeKernel } from "./timed-kernel.ts";

export interface KernelRow {
  readonly kernel: string;
  readonly variant: string;
  /** Where the shape comes from: a step of the model, or the cases. */
  readonly step: string;
  readonly problem: object;
  /** Absent with `error`. */
  readonly proof?: Proof;
  /** Milliseconds until the pipeline was there; near 0 where an earlier row has made it. */
  readonly compileMs?: number;
  /** Milliseconds of one dispatch. */
  readonly ms?: Spread;
  readonly clock?: Timer["source"];
  /** 10^9 operations a second; a multiply-add is two. */
  readonly gops?: number;
  /** 10^9 bytes a second, each byte once. */
  readonly gbs?: number;
  /** Of the ceiling for its inner product; absent where it has none. */
  readonly ofPeak?: number;
  /** Of the copy ceiling. */
  readonly ofCopy?: number;
  /** Why it was not timed. */
  readonly error?: string;
}

const files = import.meta.glob<AnyCases | readonly AnyCases[]>("../kernels/*.cases.ts", {
  eager: true,
  import: "default",
});

/** A new kernel's cases file is all that it takes to be here. */
export const allCases: readonly AnyCases[] = Object.values(files).flat();

/** Beyond this the f64 reference takes minutes; a smaller problem of the cases is proved instead. */
const MOST_MACS_TO_PROVE = 40e6;

export interface KernelBenchOptions {
  readonly peaks: Peaks;
  readonly repeats: Repeats;
  readonly signal?: AbortSignal;
  readonly onRow?: (row: KernelRow, done: number, total: number) => void;
}

/** The rows of every variant that runs here, at each distinct shape of the model's steps, or else of its cases. */
export async function benchKernels(
  gpu: Gpu,
  suites: readonly AnyCases[],
  model: ModelDescription,
  images: number,
  { onRow, ...options }: KernelBenchOptions,
): Promise<KernelRow[]> {
  const tasks = suites.flatMap((cases) =>
    problemsOf(cases, model, images).flatMap(({ step, problem }) =>
      variantsFor(cases.kernel, gpu.capabilities, problem).map((variant) => ({
        cases,
        step,
        problem,
        variant,
      })),
    ),
  );
  const rows: KernelRow[] = [];
  for (const { cases, step, problem, variant } of tasks) {
    options.signal?.throwIfAborted();
    rows.push(await benchKernel(gpu, cases, step, problem, variant, options));
    onRow?.(rows.at(-1)!, rows.length, tasks.length);
  }
  return rows;
}

function problemsOf({ kernel, problems }: AnyCases, model: ModelDescription, images: number) {
  const found = new Map<string, { step: string; problem: object }>();
  for (const precision of ["int8", "float32"] as const)
    for (const { kernels, label, problem } of vitGraph(model.architecture, images, precision).steps)
      if (kernels.includes(kernel) && !found.has(JSON.stringify(problem)))
        found.set(JSON.stringify(problem), { step: label, problem: problem as object });
  if (found.size > 0) return [...found.values()];
  const size = (problem: unknown) => kernel.macs(problem) + kernel.bytes(problem);
  const { name, problem } = problems.reduce((a, b) => (size(b.problem) > size(a.problem) ? b : a));
  return [{ step: name, problem: problem as object }];
}

async function benchKernel(
  gpu: Gpu,
  cases: AnyCases,
  step: string,
  problem: object,
  variant: string,
  { peaks, repeats, signal }: Omit<KernelBenchOptions, "onRow">,
): Promise<KernelRow> {
  const { kernel } = cases;
  const row = { kernel: kernel.name, variant, step, problem };
  try {
    const compileMs = await wallMs(() => gpu.pipeline(kernel, variant, problem));
    const proof = await provenOn(gpu, cases, variant, provable(cases, problem));
    const { ms, clock } = await timeKernel(gpu, cases, variant, problem, repeats, signal);
    const gops = (2 * kernel.macs(problem)) / ms.median / 1e6;
    const gbs = kernel.bytes(problem) / ms.median / 1e6;
    const { inner } = kernel.variants[variant];
    const ceiling = inner === "dot4" ? peaks.dotGops : peaks.floatGops;
    const ofPeak = inner && ceiling ? gops / ceiling : undefined;
    return { ...row, proof, compileMs, ms, clock, gops, gbs, ofPeak, ofCopy: gbs / peaks.copyGBs };
  } catch (error) {
    signal?.throwIfAborted();
    return { ...row, error: error instanceof Error ? error.message : String(error) };
  }
}

/** The problem itself, or the largest of the cases where its reference would take too long. */
function provable({ kernel, problems }: AnyCases, problem: object): unknown {
  if (kernel.macs(problem) <= MOST_MACS_TO_PROVE) return problem;
  return problems.reduce((a, b) => (kernel.macs(b.problem) > kernel.macs(a.problem) ? b : a)).problem;
}
