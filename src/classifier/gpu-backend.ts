// A model's weights on a GPU, and its graphs as plans with a slot for each image.

import { DeviceError, SelfTestError, Vit8Error } from "../errors/errors.ts";
import { part } from "../errors/part.ts";
import type { Arena } from "../gpu/arena.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { ModelGraph } from "../lower/lowering.ts";
import type { Program } from "../lower/program.ts";
import { chooseByTable } from "../scheduler/choose.ts";
import { Plan } from "../scheduler/plan.ts";
import { chooseProven } from "../scheduler/proven.ts";
import { answersRight } from "../scheduler/self-test.ts";
import { type Choose, settle } from "../scheduler/settle.ts";
import type { Backend, Batch, RunOptions, StepTimes } from "./engine.ts";
import type { ModelDescription } from "./model.ts";
import type { PictureSource } from "./picture.ts";
import { PictureSlot } from "./picture-slot.ts";

export interface GpuBackendOptions {
  /** Longest GPU time of one submit, so that a page stays alive; absent: one submit a run. */
  readonly sliceMs?: number;
  readonly compiling?: Promise<unknown>;
  readonly keep?: () => Promise<void>;
  /** How kernels are chosen; by default from the table, if the chosen ones pass their self-test. */
  readonly choose?: Choose;
}

/** Compiles the pipelines for one image while the weights download. The first batch throws a failure. */
export async function compileAhead(gpu: Gpu, program: Program): Promise<unknown> {
  const settled = await settle(
    program.graph(1),
    (step) => chooseByTable(step, gpu.capabilities),
    async () => 0,
  );
  return Promise.allSettled(
    settled.map(({ step, choice }) => gpu.pipeline(choice.kernel, choice.variant, step.problem as never)),
  );
}

/** Converts an error of an incomplete or broken WebGPU to an error of vit8. */
export function refusal(what: string, error: unknown): Vit8Error {
  if (error instanceof Vit8Error) return error;
  return new DeviceError(`${what}: the GPU rejected a command (${(error as Error).message}).`, {
    cause: error,
  });
}

/** Counted, not drawn by chance, so that a program behaves the same each time. */
export const RUNS_BETWEEN_TESTS = 1000;

export class GpuBackend implements Backend<GpuBatch> {
  readonly compiling: Backend["compiling"];
  readonly keep: Backend["keep"];
  readonly #gpu: Gpu;
  readonly #model: ModelDescription;
  readonly #weights: Arena;
  readonly #options: GpuBackendOptions;
  #runsSinceTest = 0;

  constructor(gpu: Gpu, model: ModelDescription, weights: Arena, options: GpuBackendOptions = {}) {
    this.#gpu = gpu;
    this.#model = model;
    this.#weights = weights;
    this.#options = options;
    this.compiling = options.compiling;
    this.keep = options.keep;
  }

  /**
   * A failed batch releases its GPU memory.
   * @throws DeviceError if the GPU is out of memory or rejects a command
   */
  async batch(graph: ModelGraph, images: number): Promise<GpuBatch> {
    const what = `preparing batches of ${images}`;
    const made: { destroy(): void }[] = [];
    try {
      return await this.#gpu.guarded(what, async () => {
        const plan = await this.#plan(graph);
        made.push(plan);
        const slots: PictureSlot[] = [];
        for (let i = 0; i < images; i++) {
          const slot = await this.#slot(graph, plan);
          made.push(slot);
          slots.push(slot);
        }
        return new GpuBatch(this.#gpu, graph, plan, slots, () => this.#testWhenDue(plan));
      });
    } catch (error) {
      for (const one of made) one.destroy();
      throw refusal(what, error);
    }
  }

  destroy(): void {
    this.#weights.destroy();
  }

  /** Drivers and hardware can also fail later, so the self-test runs again. It stays due until it passes. */
  async #testWhenDue({ choices }: Plan): Promise<void> {
    if (++this.#runsSinceTest < RUNS_BETWEEN_TESTS) return;
    for (const { kernel, variant } of new Set(choices.values()))
      if (!(await answersRight(this.#gpu, kernel, variant, true)))
        throw new SelfTestError(`${kernel.name}/${variant}: the self-test now fails. Load the model again.`);
    this.#runsSinceTest = 0;
  }

  #plan(graph: ModelGraph): Promise<Plan> {
    return Plan.create(this.#gpu, graph, {
      weights: this.#weights,
      outputs: graph.reads,
      sliceMs: this.#options.sliceMs,
      choose: this.#options.choose ?? chooseProven(this.#gpu),
    });
  }

  #slot(graph: ModelGraph, plan: Plan): Promise<PictureSlot> {
    const { input, preprocessing, affine } = this.#model;
    return PictureSlot.create(this.#gpu, {
      framing: preprocessing,
      layout: { ...input, affine },
      patches: plan.tensor("patches"),
      ...(graph.tensors.has("patches.scale") && { scales: plan.tensor("patches.scale") }),
    });
  }
}

export class GpuBatch implements Batch {
  readonly graph: ModelGraph;
  readonly plan: Plan;
  readonly slots: readonly PictureSlot[];
  /** Of the last finished run, or of one with ordinary images. */
  dispatches: number;
  readonly #gpu: Gpu;
  readonly #testWhenDue: () => Promise<void>;

  constructor(
    gpu: Gpu,
    graph: ModelGraph,
    plan: Plan,
    slots: readonly PictureSlot[],
    testWhenDue: () => Promise<void>,
  ) {
    this.graph = graph;
    this.plan = plan;
    this.slots = slots;
    this.dispatches = this.#dispatches();
    this.#gpu = gpu;
    this.#testWhenDue = testWhenDue;
  }

  get choices(): Plan["choices"] {
    return this.plan.choices;
  }

  /** @throws SelfTestError where a kernel is found to compute wrongly by now. */
  async run(
    pictures: readonly PictureSource[],
    options: RunOptions = {},
  ): Promise<Record<string, ArrayBuffer>> {
    await this.#testWhenDue();
    const { firstRow } = this.graph;
    const { given } = options;
    if (given) this.#gpu.device.queue.writeBuffer(this.plan.tensor(given.name), 0, given.rows);
    for (const [i, picture] of pictures.entries()) this.slots[i].prepare(picture, firstRow(i));
    const dispatches = this.#dispatches();
    const encodeInputs = (pass: GPUComputePassEncoder) => {
      for (const slot of this.slots) slot.encode(pass);
    };
    const outputs = await this.plan.run(encodeInputs, options);
    this.dispatches = dispatches;
    return outputs;
  }

  /** A big image is resized in several strips. */
  #dispatches(): number {
    return this.slots.reduce((sum, slot) => sum + slot.dispatches, this.plan.dispatches);
  }

  async profile(picture: PictureSource): Promise<StepTimes> {
    const { Timer } = await part(import("../gpu/timer.ts"));
    const timer = new Timer(this.#gpu);
    try {
      const [slot] = this.slots;
      slot.prepare(picture, this.graph.firstRow(0));
      const preprocess = await timer.measure((pass) => slot.encode(pass));
      const times = await this.plan.profile(timer);
      return { source: timer.source, times: new Map([["preprocess", preprocess], ...times]) };
    } finally {
      timer.destroy();
    }
  }

  destroy(): void {
    this.plan.destroy();
    for (const slot of this.slots) slot.destroy();
  }
}
