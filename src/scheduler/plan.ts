// A graph made ready to run: buffers, pipelines and bind groups once, then one encoder, one pass, one submit a run.

import type { Gpu } from "../gpu/gpu.ts";
import type { AnyKernel, Grid } from "../gpu/kernel.ts";
import { Timer } from "../gpu/timer.ts";
import { assignSlots } from "./memory.ts";
import type { Graph, Step } from "./step.ts";

/** Which kernel and variant a step runs, and why, in words for the report. */
export interface Choice {
  readonly kernel: AnyKernel;
  readonly variant: string;
  readonly why: string;
}

export type Choose = (step: Step) => Choice;

export interface PlanOptions {
  readonly weights: ReadonlyMap<string, GPUBuffer>;
  /** Held tensors that are read back after each run, f32. */
  readonly outputs: readonly string[];
  readonly choose: Choose;
}

interface Dispatch {
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly grid: Grid;
}

export class Plan {
  readonly choices: ReadonlyMap<string, Choice>;
  readonly #gpu: Gpu;
  readonly #dispatches: readonly Dispatch[];
  readonly #tensors: ReadonlyMap<string, GPUBuffer>;
  readonly #owned: readonly GPUBuffer[];
  readonly #outputs: readonly string[];
  readonly #readback: GPUBuffer;

  private constructor(
    gpu: Gpu,
    choices: ReadonlyMap<string, Choice>,
    dispatches: readonly Dispatch[],
    tensors: ReadonlyMap<string, GPUBuffer>,
    params: readonly GPUBuffer[],
    outputs: readonly string[],
  ) {
    this.choices = choices;
    this.#gpu = gpu;
    this.#dispatches = dispatches;
    this.#tensors = tensors;
    this.#outputs = outputs;
    const byteLength = outputs.reduce((sum, name) => sum + tensors.get(name)!.size, 0);
    this.#readback = gpu.buffer("read back", byteLength, GPUBufferUsage.MAP_READ);
    this.#owned = [...new Set(tensors.values()), ...params, this.#readback];
  }

  static async create(gpu: Gpu, graph: Graph, { weights, outputs, choose }: PlanOptions): Promise<Plan> {
    const choices = new Map(graph.steps.map((step) => [step.label, choose(step)]));
    const pipelines = await Promise.all(
      graph.steps.map((step) => {
        const { kernel, variant } = choices.get(step.label)!;
        return gpu.pipeline(kernel, variant, step.problem);
      }),
    );
    const tensors = allocate(gpu, graph, outputs);
    const params = new Map<string, GPUBuffer>();
    const dispatches = graph.steps.map((step, i): Dispatch => {
      const { kernel, variant } = choices.get(step.label)!;
      const resources = Object.fromEntries(
        Object.entries(step.buffers).map(([binding, name]) => [binding, found(name, tensors, weights)]),
      );
      if (kernel.params) resources.params = shared(gpu, params, kernel.params(step.problem as never));
      return {
        label: step.label,
        pipeline: pipelines[i],
        group: gpu.bind(kernel, resources, step.label),
        grid: kernel.variants[variant].grid(step.problem as never),
      };
    });
    return new Plan(gpu, choices, dispatches, tensors, [...params.values()], outputs);
  }

  /** Dispatches of one run, without what `prepare` of the caller adds. */
  get dispatches(): number {
    return this.#dispatches.length;
  }

  /** A tensor that the graph holds, such as the patches that come from outside. */
  tensor(name: string): GPUBuffer {
    return this.#tensors.get(name)!;
  }

  /**
   * One submit: `encodeInputs` into the pass, then every step; resolves with the outputs, in f32, as copies.
   * Runs of one plan must not overlap: they share their buffers.
   */
  async run(encodeInputs: (pass: GPUComputePassEncoder) => void): Promise<Record<string, Float32Array>> {
    const { device } = this.#gpu;
    const encoder = device.createCommandEncoder({ label: "vit8" });
    const pass = encoder.beginComputePass({ label: "vit8" });
    encodeInputs(pass);
    for (const dispatch of this.#dispatches) record(pass, dispatch);
    pass.end();
    let offset = 0;
    for (const name of this.#outputs) {
      const source = this.#tensors.get(name)!;
      encoder.copyBufferToBuffer(source, 0, this.#readback, offset, source.size);
      offset += source.size;
    }
    device.queue.submit([encoder.finish()]);
    return this.#readOutputs();
  }

  /**
   * GPU milliseconds of each step, from timestamps around a pass of its own; without the feature, wall milliseconds of a
   * submit of its own. Runs on whatever the buffers hold.
   */
  async profile(wanted: (label: string) => boolean = () => true): Promise<Map<string, number>> {
    const times = new Map<string, number>();
    const timer = new Timer(this.#gpu);
    for (const dispatch of this.#dispatches.filter(({ label }) => wanted(label)))
      times.set(dispatch.label, await timer.measure((pass) => record(pass, dispatch)));
    timer.destroy();
    return times;
  }

  destroy(): void {
    this.#gpu.release(...this.#owned);
  }

  async #readOutputs(): Promise<Record<string, Float32Array>> {
    await this.#readback.mapAsync(GPUMapMode.READ);
    const bytes = this.#readback.getMappedRange().slice(0);
    this.#readback.unmap();
    const outputs: Record<string, Float32Array> = {};
    let offset = 0;
    for (const name of this.#outputs) {
      const { size } = this.#tensors.get(name)!;
      outputs[name] = new Float32Array(bytes, offset, size / 4);
      offset += size;
    }
    return outputs;
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

/** One uniform buffer for all steps that are told the same. */
function shared(gpu: Gpu, made: Map<string, GPUBuffer>, params: Uint32Array): GPUBuffer {
  const key = params.join(" ");
  const buffer = made.get(key) ?? gpu.upload(`params ${key}`, params, GPUBufferUsage.UNIFORM);
  made.set(key, buffer);
  return buffer;
}

function found(
  name: string,
  tensors: ReadonlyMap<string, GPUBuffer>,
  weights: ReadonlyMap<string, GPUBuffer>,
): GPUBuffer {
  const buffer = tensors.get(name) ?? weights.get(name);
  if (!buffer) throw new Error(`plan: no tensor or weight is named ${name}`);
  return buffer;
}
