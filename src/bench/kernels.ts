// Every kernel by itself: proved right, then timed at the shapes of a model.

import type { ModelDescription } from "../classifier/model.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { type Capabilities, variantsFor } from "../gpu/kernel.ts";
import type { Timer } from "../gpu/timer.ts";
import { floatProgram } from "../lower/float.ts";
import { gpuKernels } from "../lower/gpu-kernels.ts";
import { halfKernels } from "../lower/half-kernels.ts";
import { int8Program } from "../lower/int8.ts";
import { softwareKernels } from "../lower/software-kernels.ts";
import { fused } from "../network/fused.ts";
import { chooseByTable } from "../scheduler/choose.ts";
import { problemKey, type Step } from "../scheduler/step.ts";
import type { AnyCases } from "../testing/cases.ts";
import type { Device } from "./device.ts";
import type { Peaks } from "./peaks.ts";
import { type Proof, provenOn } from "./proof.ts";
import { type Repeats, wallMs } from "./sampling.ts";
import type { Spread } from "./statistics.ts";
import { timeKernel } from "./timed-kernel.ts";

export interface KernelRow {
  readonly kernel: string;
  readonly variant: string;
  /** The source of the shape: a step of the model, or the test cases. */
  readonly step: string;
  readonly problem: object;
  /** The model whose shapes these are, the pixels along a side of its images, and how many of them in a submit. */
  readonly model: string;
  readonly imageSize: number;
  readonly batch: number;
  /** Absent with `error`. */
  readonly proof?: Proof;
  /** Milliseconds until the pipeline was there; near 0 where an earlier row has made it. */
  readonly compileMs?: number;
  /** Milliseconds of one dispatch. */
  readonly ms?: Spread;
  readonly clock?: Timer["source"];
  /** Wall milliseconds of one dispatch, with its share of encoding, submit and wait. */
  readonly wallMs?: Spread;
  /** Samples that a hidden tab has spoilt. */
  readonly discarded?: number;
  /** 10^9 operations a second; a multiply-add is two. */
  readonly gops?: number;
  /** 10^9 bytes a second, each byte once. */
  readonly gbs?: number;
  /** Share of the peak of its inner product; undefined without one. */
  readonly ofPeak?: number;
  /** Share of the copy peak. */
  readonly ofCopy?: number;
  /** Why it was not timed. */
  readonly error?: string;
  /** Its mark among the timed variants: see marks.ts. */
  readonly mark?: "chosen" | "fastest" | "chosen, fastest";
}

const files = import.meta.glob<AnyCases | readonly AnyCases[]>("../kernels/*.cases.ts", {
  eager: true,
  import: "default",
});

/** A new kernel's cases file is all that it takes to be here. */
export const allCases: readonly AnyCases[] = Object.values(files).flat();

/** Beyond this the f64 reference takes minutes; a smaller problem of the cases is proved instead. */
const MOST_MACS_TO_PROVE = 40e6;

export interface KernelTask {
  readonly cases: AnyCases;
  readonly variant: string;
  readonly step: string;
  readonly problem: object;
  readonly model: string;
  readonly imageSize: number;
  readonly batch: number;
}

/** Every variant that runs on the machine, at each distinct shape of the model's steps, or else of its cases. */
export function kernelTasks(
  machine: Capabilities,
  suites: readonly AnyCases[],
  model: ModelDescription,
  batch: number,
): KernelTask[] {
  const from = { model: model.id, imageSize: model.input.width, batch };
  return suites.flatMap((cases) =>
    problemsOf(cases, model, batch).flatMap(({ step, problem }) =>
      variantsFor(cases.kernel, machine, problem).map((variant) => ({
        cases,
        step,
        problem,
        variant,
        ...from,
      })),
    ),
  );
}

/** The kernels of a model before tuning: each distinct step of its int8 graph by the table's choice. */
export function chosenTasks(
  machine: Capabilities,
  suites: readonly AnyCases[],
  model: ModelDescription,
  batch: number,
): KernelTask[] {
  const tasks = new Map<string, KernelTask>();
  const from = { model: model.id, imageSize: model.input.width, batch };
  const kernels = machine.software ? softwareKernels : gpuKernels;
  const program = int8Program(fused(model.network), model.affine, kernels);
  for (const step of program.graph(batch).steps) {
    const { kernel, variant } = chooseByTable(step, machine);
    const cases = suites.find((suite) => suite.kernel.name === kernel.name);
    const key = problemKey(step);
    if (!cases || tasks.has(key)) continue;
    tasks.set(key, { cases, variant, step: step.label, problem: step.problem as object, ...from });
  }
  return [...tasks.values()];
}

/** The tasks with the most work for each kernel. */
export function largestOf(tasks: readonly KernelTask[]): KernelTask[] {
  const work = ({ cases: { kernel }, problem }: KernelTask) => kernel.macs(problem) + kernel.bytes(problem);
  const most = new Map<AnyCases, number>();
  for (const task of tasks) most.set(task.cases, Math.max(most.get(task.cases) ?? 0, work(task)));
  return tasks.filter((task) => work(task) === most.get(task.cases));
}

export interface KernelBenchOptions {
  readonly peaks: Peaks;
  readonly repeats: Repeats;
  readonly signal?: AbortSignal;
  readonly onRow?: (row: KernelRow, done: number, total: number) => void;
}

/** One row for each task. A task that cannot be timed gets a row with the reason. */
export async function benchKernels(
  device: Device,
  tasks: readonly KernelTask[],
  { onRow, ...options }: KernelBenchOptions,
): Promise<KernelRow[]> {
  const rows: KernelRow[] = [];
  for (const task of tasks) {
    options.signal?.throwIfAborted();
    const { cases, variant, step, problem, model, imageSize, batch } = task;
    const row = { kernel: cases.kernel.name, variant, step, problem, model, imageSize, batch };
    try {
      rows.push({ ...row, ...(await device.use((gpu) => figuresOf(gpu, task, options))) });
    } catch (error) {
      options.signal?.throwIfAborted();
      rows.push({ ...row, error: error instanceof Error ? error.message : String(error) });
    }
    onRow?.(rows[rows.length - 1], rows.length, tasks.length);
  }
  return rows;
}

function problemsOf({ kernel, problems }: AnyCases, model: ModelDescription, images: number) {
  const found = new Map<string, { step: string; problem: object }>();
  for (const { kernels, label, problem } of everyStep(model, images))
    if (kernels.some(({ name }) => name === kernel.name) && !found.has(JSON.stringify(problem)))
      found.set(JSON.stringify(problem), { step: label, problem: problem as object });
  if (found.size > 0) return [...found.values()];
  const size = (problem: unknown) => kernel.macs(problem) + kernel.bytes(problem);
  const { name, problem } = problems.reduce((a, b) => (size(b.problem) > size(a.problem) ? b : a));
  return [{ step: name, problem: problem as object }];
}

/** The steps of the int8 path with every kernel that may compute them, and those of the float path. */
function everyStep({ network: whole, affine }: ModelDescription, images: number): Step[] {
  const network = fused(whole);
  const sets = [gpuKernels, softwareKernels, halfKernels(gpuKernels)];
  const programs = [
    ...sets.map((kernels) => int8Program(network, affine, kernels)),
    floatProgram(network, affine),
  ];
  return programs.flatMap((program) => program.graph(images).steps);
}

async function figuresOf(
  gpu: Gpu,
  { cases, problem, variant }: KernelTask,
  { peaks, repeats, signal }: Omit<KernelBenchOptions, "onRow">,
): Promise<Partial<KernelRow>> {
  const { kernel } = cases;
  const compileMs = await wallMs(() => gpu.pipeline(kernel, variant, problem));
  const proof = await provenOn(gpu, cases, variant, provable(cases, problem));
  const time = await timeKernel(gpu, cases, variant, problem, repeats, signal);
  const gops = (2 * kernel.macs(problem)) / time.ms.median / 1e6;
  const gbs = kernel.bytes(problem) / time.ms.median / 1e6;
  const { inner } = kernel.variants[variant];
  const ceiling = inner === "dot4" ? peaks.dotGops : peaks.floatGops;
  const ofPeak = inner && ceiling ? gops / ceiling : undefined;
  return { proof, compileMs, ...time, gops, gbs, ofPeak, ofCopy: gbs / peaks.copyGBs };
}

/** The problem itself, or the largest of the cases where its reference would take too long. */
function provable({ kernel, problems }: AnyCases, problem: object): unknown {
  if (kernel.macs(problem) <= MOST_MACS_TO_PROVE) return problem;
  return problems.reduce((a, b) => (kernel.macs(b.problem) > kernel.macs(a.problem) ? b : a)).problem;
}
