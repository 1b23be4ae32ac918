// Compares the GPU with the CPU: times the model's largest matrix product on both. Loaded only if a GPU is measured, and the CPU's
// kernels only if they could be faster.

import { UnsupportedDeviceError } from "../errors/errors.ts";
import { part } from "../errors/part.ts";
import type { Gpu } from "../gpu/gpu.ts";

import type { GemmProblem } from "../kernels/gemm.ts";
import type { Arithmetic } from "../lower/arithmetic.ts";
import type { Program } from "../lower/program.ts";
import { programOf } from "../lower/program-of.ts";
import { Plan } from "../scheduler/plan.ts";
import type { Graph, Step, Tensor } from "../scheduler/step.ts";
import { chooseByMeasuring } from "../scheduler/tune.ts";
import { MOST_THREADS, type Threads } from "../wasm/pool.ts";
import type { TextCache } from "./cache.ts";
import type { ModelDescription } from "./model.ts";
import { nameOf, tuningOf } from "./tunings.ts";

/** Times of a model's largest matrix product, in ms. */
export interface Compared {
  /** Time on the GPU, in ms. */
  readonly webgpu: number;
  /** Time on the CPU, in ms; undefined if the GPU is so fast that the CPU was not measured. */
  readonly cpu?: number;
  /** Number of threads on the CPU. */
  readonly threads: number;
}

/** The product to compare, and how it is timed on each device. */
export interface Contest {
  /** Multiply-adds of the product. */
  readonly macs: number;
  readonly threads: number;
  readonly gpuMs: () => Promise<number>;
  readonly cpuMs: () => Promise<number>;
}

/** The CPU must be this much faster: the rest of a model is not only matrix products, and clocks are noisy. */
const WORTH_CHANGING = 1.5;
/** An upper bound for one thread on any machine so far, so that every GPU that could be slower is compared. */
const MACS_PER_MS_AND_THREAD = 6e7;
const CPU_MS = 10;
/** The speed that each additional thread adds, relative to the first. */
const SPEED_UP = 0.7;

/** Times the GPU, and also the CPU if it could be fast enough to be chosen. */
export async function compare({ macs, threads, gpuMs, cpuMs }: Contest): Promise<Compared> {
  const webgpu = await gpuMs();
  const leastCpuMs = macs / (threads * MACS_PER_MS_AND_THREAD);
  if (webgpu < WORTH_CHANGING * leastCpuMs) return { webgpu, threads };
  return { webgpu, cpu: await cpuMs(), threads };
}

/** Whether to use the CPU. */
export function cpuWins({ webgpu, cpu = Number.POSITIVE_INFINITY }: Compared): boolean {
  return webgpu > WORTH_CHANGING * cpu;
}

export interface Comparison {
  readonly gpu: Gpu;
  readonly model: ModelDescription;
  readonly arithmetic: Arithmetic;
  /** The model's program on this GPU. */
  readonly program: Program;
  /** How to start threads; undefined on a page's main thread, where the worker starts them. */
  readonly threads?: Threads;
  readonly cache?: TextCache;
}

/**
 * Returns both times, measured now or cached by an earlier load; undefined if measuring fails.
 * @throws UnsupportedDeviceError with both times if the CPU is 1.5 times as fast
 */
export async function refuseSlowGpu(comparison: Comparison): Promise<Compared | undefined> {
  const compared = await keptOrMeasured(comparison).catch(() => undefined);
  if (!compared || !cpuWins(compared)) return compared;
  const { webgpu, cpu = 0, threads } = compared;
  const error = new UnsupportedDeviceError(
    `WebGPU is slower here: ${webgpu.toFixed(1)} ms for the model's largest matrix product against ${cpu.toFixed(1)} ms with ${threads} thread${threads === 1 ? "" : "s"} of the CPU.`,
    { remedy: 'To use the GPU anyway, load with device: "webgpu".' },
  );
  throw Object.assign(error, { compared });
}

async function keptOrMeasured({ cache, ...comparison }: Comparison): Promise<Compared> {
  const { gpu, model, arithmetic, program, threads } = comparison;
  const count = threads ? Math.min(threads.most, MOST_THREADS) : threadsOfWorker();
  const onGpu = largestProduct(program);
  const page = `${nameOf(gpu)} | beside ${count} threads of the CPU`;
  const key = `${onGpu.kernels[0].name} ${JSON.stringify(onGpu.problem)}`;
  const kept: Record<string, Compared> = await readPage(cache, page);
  if (kept[key]) return kept[key];
  const compared = await compare({
    macs: onGpu.kernels[0].macs(onGpu.problem),
    threads: count,
    gpuMs: () => msOnGpu(gpu, onGpu, cache),
    cpuMs: async () => {
      const step = largestProduct(await programOf(model, arithmetic));
      const ms = await msOnCpu(step, threads);
      return threads ? ms : ms / (1 + SPEED_UP * (count - 1));
    },
  });
  await cache?.write(page, JSON.stringify({ ...kept, [key]: compared }));
  return compared;
}

async function readPage(cache: TextCache | undefined, page: string): Promise<Record<string, Compared>> {
  try {
    return JSON.parse((await cache?.read(page)) ?? "{}");
  } catch {
    return {}; // damaged: measured again
  }
}

/** The number of threads that the worker would start. */
function threadsOfWorker(): number {
  return globalThis.crossOriginIsolated ? Math.min(navigator.hardwareConcurrency || 1, MOST_THREADS) : 1;
}

/** For one image. */
function largestProduct(program: Program): Step {
  const macs = ({ kernels, problem }: Step) => kernels[0].macs(problem);
  const products = program.graph(1).steps.filter(({ operation }) => operation === "linear");
  return products.reduce((most, step) => (macs(step) > macs(most) ? step : most));
}

async function msOnGpu(gpu: Gpu, step: Step, cache: TextCache | undefined): Promise<number> {
  const choose = chooseByMeasuring(gpu, await tuningOf(gpu, cache));
  const plan = await Plan.create(gpu, alone(step), { weights: new Map(), outputs: [], choose });
  const { Timer } = await part(import("../gpu/timer.ts"));
  const timer = new Timer(gpu);
  try {
    const samples: number[] = [];
    for (let i = 0; i < 4; i++) samples.push((await plan.profile(timer)).get(step.label)!);
    return Math.min(...samples);
  } finally {
    timer.destroy();
    plan.destroy();
  }
}

const ONE_THREAD: Threads = {
  most: 1,
  why: "measured on the page's own thread",
  spawn: () => {
    throw new Error("thread: cannot be started");
  },
};

async function msOnCpu(step: Step, threads = ONE_THREAD): Promise<number> {
  const { compileKernels, createWasmModel } = await part(import("../wasm/model.ts"));
  await compileKernels(false);
  const cpu = await createWasmModel(threads);
  try {
    const plan = await cpu.plan(alone(step));
    const samples: number[] = [];
    for (const start = performance.now(); performance.now() - start < CPU_MS || samples.length < 3; )
      samples.push((await plan.run(() => {})).get(step.label)!);
    return Math.min(...samples);
  } finally {
    // A browser takes seconds to end threads, so do not wait.
    void cpu.release();
  }
}

/** The step as a graph of its own, on zeros, which take as long as numbers do. Weights are tensors of it. */
function alone(step: Step): Graph {
  const { rows, n, k } = step.problem as GemmProblem;
  // No kernel pads by more.
  const [height, width, depth] = [rows, n, k].map((size) => size + 128);
  const sizeOf = (binding: string) => 4 * (binding === "w" ? width * depth : height * Math.max(width, depth));
  const tensors = Object.entries(step.buffers).map(([binding, name]): [string, Tensor] => [
    name,
    { rows, columns: n, form: "f32", byteLength: sizeOf(binding) },
  ]);
  return { steps: [step], tensors: new Map(tensors), held: new Set(tensors.map(([name]) => name)) };
}
