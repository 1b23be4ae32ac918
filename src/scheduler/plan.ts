// A graph made ready to run: buffers, pipelines and bind groups once, then one encoder, one pass, one submit a run.

import { part } from "../errors/part.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Grid } from "../gpu/kernel.ts";
import type { Timer } from "../gpu/timer.ts";
import { assignSlots } from "./memory.ts";
import { type Choice, type Choose, type Settled, settle, type TimeMs } from "./settle.ts";
import type { Graph, Step } from "./step.ts";

/** The read-only data of steps, by name. */
interface Weights {
  get(name: string): GPUBufferBinding | undefined;
}

export interface PlanOptions {
  readonly choose: Choose;
  readonly weights: Weights;
  /** Tensors of the graph that are read back after each run, f32. */
  readonly outputs: readonly string[];
  /** Longest GPU time one submit should take; a longer run is cut, and may be aborted there. Absent: one submit a run. */
  readonly sliceMs?: number;
}

/** First guesses at speed, before a run has been timed. */
const SLOW_MACS_PER_MS = 1e6;
const FAST_MACS_PER_MS = 5e8;

/** A big batch on a software adapter takes minutes; the caller's signal ends the wait for it. */
const RUN_LIMIT_MS = Number.POSITIVE_INFINITY;

export interface RunOptions {
  readonly signal?: AbortSignal;
  /** Called when another run may begin, before this one's results are ready; not called for a sliced run. */
  readonly onSubmitted?: () => void;
}

interface Dispatch {
  readonly label: string;
  /** Multiply-adds, for the estimate of its time. */
  readonly macs: number;
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly grid: Grid;
}

export class Plan {
  readonly steps: readonly Step[];
  /** By the label of a step that runs. */
  readonly choices: ReadonlyMap<string, Choice>;
  readonly #gpu: Gpu;
  readonly #dispatches: readonly Dispatch[];
  readonly #tensors: ReadonlyMap<string, GPUBuffer>;
  readonly #owned: readonly GPUBuffer[];
  readonly #outputs: readonly string[];
  /** Two, taken in turns: one is mapped while the next run copies into the other. */
  readonly #readbacks: readonly GPUBuffer[];
  #runs = 0;
  #lastEnd = 0;
  readonly #sliceMs: number;
  readonly #macs: number;
  /** The estimated time of a whole run; measured by each run. */
  #estimatedMs: number;

  private constructor(
    gpu: Gpu,
    steps: readonly Step[],
    choices: ReadonlyMap<string, Choice>,
    dispatches: readonly Dispatch[],
    tensors: ReadonlyMap<string, GPUBuffer>,
    params: readonly GPUBuffer[],
    { outputs, sliceMs = Number.POSITIVE_INFINITY }: PlanOptions,
  ) {
    this.steps = steps;
    this.choices = choices;
    this.#gpu = gpu;
    this.#dispatches = dispatches;
    this.#tensors = tensors;
    this.#outputs = outputs;
    this.#sliceMs = sliceMs;
    const byteLength = outputs.reduce((sum, name) => sum + tensors.get(name)!.size, 0);
    this.#readbacks = [0, 1].map(() => gpu.buffer("read back", byteLength, GPUBufferUsage.MAP_READ));
    this.#macs = dispatches.reduce((sum, dispatch) => sum + dispatch.macs, 0);
    this.#estimatedMs = this.#macs / (gpu.capabilities.software ? SLOW_MACS_PER_MS : FAST_MACS_PER_MS);
    this.#owned = [...new Set(tensors.values()), ...params, ...this.#readbacks];
  }

  static async create(gpu: Gpu, graph: Graph, options: PlanOptions): Promise<Plan> {
    const { weights, outputs } = options;
    const tensors = allocate(gpu, graph, outputs);
    const params = new Map<string, GPUBuffer>();
    try {
      const make: Make = ({ step, choice }) => dispatchOf(gpu, step, choice, { tensors, weights, params });
      const settled = await timing(gpu, make, (timeMs) => settle(graph, options.choose, timeMs));
      const parts = settled.flatMap((one) => partsOf(gpu, one, options.sliceMs));
      const dispatches = await Promise.all(parts.map(make));
      const steps = settled.map(({ step }) => step);
      const choices = new Map(settled.map(({ step, choice }) => [step.label, choice]));
      return new Plan(gpu, steps, choices, dispatches, tensors, [...params.values()], options);
    } catch (error) {
      gpu.release(...new Set(tensors.values()), ...params.values());
      throw error;
    }
  }

  /** Dispatches of one run, without what `prepare` of the caller adds. */
  get dispatches(): number {
    return this.#dispatches.length;
  }

  /** A tensor of the graph, such as the patches from outside. */
  tensor(name: string): GPUBuffer {
    return this.#tensors.get(name)!;
  }

  /**
   * One submit, or with `sliceMs` several: `encodeInputs` into the first pass, then every step; resolves with the bytes
   * of the outputs, as copies. Of one plan two runs may be in flight, the second from `onSubmitted` of the first on: the
   * queue keeps them apart on the GPU.
   */
  async run(
    encodeInputs: (pass: GPUComputePassEncoder) => void,
    { signal, onSubmitted }: RunOptions = {},
  ): Promise<Record<string, ArrayBuffer>> {
    const start = performance.now();
    const slices = this.#slices();
    const readback = this.#readbacks[this.#runs++ % 2];
    let before: Promise<unknown> | undefined;
    for (const [i, slice] of slices.entries()) {
      signal?.throwIfAborted();
      const last = i === slices.length - 1;
      this.#submit(slice, i === 0 ? encodeInputs : undefined, last ? readback : undefined);
      if (slices.length === 1) {
        onSubmitted?.();
        break;
      }
      // Two in flight: the GPU never waits for JavaScript, and an abort waits for two slices at most.
      await before;
      before = this.#gpu.wait(this.#gpu.device.queue.onSubmittedWorkDone(), 0, RUN_LIMIT_MS);
      before.catch(() => {}); // reported by the next slice, or by reading the outputs
    }
    const outputs = await this.#readOutputs(readback);
    const end = performance.now();
    this.#estimatedMs = end - Math.max(start, this.#lastEnd);
    this.#lastEnd = end;
    return outputs;
  }

  /** Dispatches in runs of about `sliceMs` each. */
  #slices(): (readonly Dispatch[])[] {
    const sliceMs = this.#sliceMs;
    if (this.#estimatedMs <= sliceMs) return [this.#dispatches];
    const slices: Dispatch[][] = [[]];
    let elapsedMs = 0;
    for (const dispatch of this.#dispatches) {
      const ms = (dispatch.macs / this.#macs) * this.#estimatedMs;
      if (elapsedMs + ms > sliceMs && slices[slices.length - 1].length > 0) {
        slices.push([]);
        elapsedMs = 0;
      }
      slices[slices.length - 1].push(dispatch);
      elapsedMs += ms;
    }
    return slices;
  }

  #submit(
    dispatches: readonly Dispatch[],
    encodeInputs: ((pass: GPUComputePassEncoder) => void) | undefined,
    readback: GPUBuffer | undefined,
  ): void {
    const encoder = this.#gpu.device.createCommandEncoder({ label: "vit8" });
    const pass = encoder.beginComputePass({ label: "vit8" });
    encodeInputs?.(pass);
    for (const dispatch of dispatches) record(pass, dispatch);
    pass.end();
    let offset = 0;
    for (const name of readback ? this.#outputs : []) {
      const source = this.#tensors.get(name)!;
      encoder.copyBufferToBuffer(source, 0, readback!, offset, source.size);
      offset += source.size;
    }
    this.#gpu.device.queue.submit([encoder.finish()]);
  }

  /**
   * GPU milliseconds of each step, from timestamps around a separate pass; without the feature, wall milliseconds of a separate submit.
   * Runs on the current inputs.
   */
  async profile(timer: Timer): Promise<Map<string, number>> {
    const times = new Map<string, number>();
    for (const dispatch of this.#dispatches) {
      const ms = await timer.measure((pass) => record(pass, dispatch));
      times.set(dispatch.label, (times.get(dispatch.label) ?? 0) + ms);
    }
    return times;
  }

  destroy(): void {
    this.#gpu.release(...this.#owned);
  }

  async #readOutputs(readback: GPUBuffer): Promise<Record<string, ArrayBuffer>> {
    await this.#gpu.wait(readback.mapAsync(GPUMapMode.READ), 0, RUN_LIMIT_MS);
    const mapped = readback.getMappedRange();
    const outputs: Record<string, ArrayBuffer> = {};
    let offset = 0;
    for (const name of this.#outputs) {
      const { size } = this.#tensors.get(name)!;
      outputs[name] = mapped.slice(offset, offset + size);
      offset += size;
    }
    readback.unmap();
    return outputs;
  }
}

interface Buffers {
  readonly tensors: ReadonlyMap<string, GPUBuffer>;
  readonly weights: Weights;
  /** Uniforms made so far, by content. */
  readonly params: Map<string, GPUBuffer>;
}

async function dispatchOf(
  gpu: Gpu,
  step: Step,
  { kernel, variant }: Omit<Choice, "why">,
  { tensors, weights, params }: Buffers,
): Promise<Dispatch> {
  const problem = step.problem as never;
  const resources = Object.fromEntries(
    Object.entries(step.buffers).map(([binding, name]) => [binding, found(name, tensors, weights)]),
  );
  if (kernel.params) resources.params = shared(gpu, params, kernel.params(problem));
  return {
    label: step.label,
    macs: kernel.macs(problem),
    pipeline: await gpu.pipeline(kernel, variant, problem),
    group: gpu.bind(kernel, resources, step.label),
    grid: kernel.variants[variant].grid(problem),
  };
}

/** A step of a sliced run, split if it alone would take a slow adapter longer than a slice. */
function partsOf(gpu: Gpu, { step, choice }: Settled, sliceMs = Number.POSITIVE_INFINITY): Settled[] {
  const { cut, macs } = choice.kernel;
  const parts = Math.ceil(macs(step.problem) / (SLOW_MACS_PER_MS * sliceMs));
  if (!gpu.capabilities.software || !cut || parts <= 1) return [{ step, choice }];
  return cut(step.problem, parts).map((problem) => ({ step: { ...step, problem }, choice }));
}

type Make = (settled: Parameters<TimeMs>[number]) => Promise<Dispatch>;

/** Lets `work` time steps. */
async function timing<T>(gpu: Gpu, make: Make, work: (timeMs: TimeMs) => Promise<T>): Promise<T> {
  let timer: Timer | undefined;
  try {
    return await work(async (step) => {
      const measure = await part(import("./measure.ts"));
      timer ??= new measure.Timer(gpu);
      const dispatch = await make(step);
      return measure.betterOfTwo(timer, (pass) => record(pass, dispatch));
    });
  } finally {
    timer?.destroy();
  }
}

function record(pass: GPUComputePassEncoder, { pipeline, group, grid }: Dispatch): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(...grid);
}

function allocate(gpu: Gpu, graph: Graph, outputs: readonly string[]): Map<string, GPUBuffer> {
  const tensors = new Map<string, GPUBuffer>();
  for (const slot of assignSlots(graph)) {
    const read = slot.tensors.some((name) => outputs.includes(name));
    const buffer = gpu.buffer(slot.tensors.join(" | "), slot.byteLength, read ? GPUBufferUsage.COPY_SRC : 0);
    for (const name of slot.tensors) tensors.set(name, buffer);
  }
  return tensors;
}

/** One uniform buffer for all steps with the same params. */
function shared(gpu: Gpu, made: Map<string, GPUBuffer>, params: Uint32Array): GPUBuffer {
  const key = params.join(" ");
  const buffer = made.get(key) ?? gpu.upload(`params ${key}`, params, GPUBufferUsage.UNIFORM);
  made.set(key, buffer);
  return buffer;
}

function found(
  name: string,
  tensors: ReadonlyMap<string, GPUBuffer>,
  weights: Weights,
): GPUBuffer | GPUBufferBinding {
  const buffer = tensors.get(name) ?? weights.get(name);
  if (!buffer) throw new Error(`plan: no tensor or weight is named ${name}`);
  return buffer;
}
