// One model on one device: a plan and picture slots per batch size, and runs one after another.

import type { Gpu } from "../gpu/gpu.ts";
import { chooseByTable } from "../scheduler/choose.ts";
import { type Choice, Plan } from "../scheduler/plan.ts";
import { type VitGraph, vitGraph } from "../vit/graph.ts";
import type { Precision } from "../vit/weights.ts";
import type { ModelDescription } from "./model.ts";
import type { PictureSource } from "./picture.ts";
import { PictureSlot } from "./picture-slot.ts";

/** What comes back for one picture. */
export interface Answer {
  /** Empty without a head. */
  readonly logits: Float32Array;
  /** The readout token after the last norm; of two, the class token. */
  readonly embedding: Float32Array;
}

interface BatchPlan {
  readonly graph: VitGraph;
  readonly plan: Plan;
  readonly slots: readonly PictureSlot[];
}

export class Engine {
  readonly #gpu: Gpu;
  readonly #model: ModelDescription;
  readonly #precision: Precision;
  readonly #weights: ReadonlyMap<string, GPUBuffer>;
  readonly #plans = new Map<number, Promise<BatchPlan>>();
  #tail: Promise<unknown> = Promise.resolve();
  #last: BatchPlan | undefined;

  constructor(
    gpu: Gpu,
    model: ModelDescription,
    precision: Precision,
    weights: ReadonlyMap<string, GPUBuffer>,
  ) {
    this.#gpu = gpu;
    this.#model = model;
    this.#precision = precision;
    this.#weights = weights;
  }

  /** Kernel and variant by step, of the plan that ran last. */
  get choices(): ReadonlyMap<string, Choice> {
    return this.#last?.plan.choices ?? new Map();
  }

  /** Dispatches of the plan that ran last, the two of each picture included. */
  get dispatches(): number {
    return this.#last ? this.#last.plan.dispatches + 2 * this.#last.slots.length : 0;
  }

  /** Compiles and allocates what a batch of this size needs; nothing the second time. */
  prepare(images: number): Promise<BatchPlan> {
    let plan = this.#plans.get(images);
    if (!plan) {
      plan = this.#gpu.guarded(`preparing batches of ${images}`, () => this.#plan(images));
      this.#plans.set(images, plan);
      plan.then(
        (made) => {
          this.#last ??= made;
        },
        () => this.#plans.delete(images),
      );
    }
    return plan;
  }

  /** Runs after those asked for before; an aborted call that still waits is dropped. */
  run(pictures: readonly PictureSource[], signal?: AbortSignal): Promise<Answer[]> {
    const turn = this.#tail.then(async () => {
      signal?.throwIfAborted();
      return this.#run(await this.prepare(pictures.length), pictures);
    });
    this.#tail = turn.catch(() => {});
    return turn;
  }

  /** Waits for the run in progress, then gives every buffer back. */
  async destroy(): Promise<void> {
    await this.#tail;
    for (const made of await Promise.allSettled(this.#plans.values())) {
      if (made.status === "rejected") continue;
      made.value.plan.destroy();
      for (const slot of made.value.slots) slot.destroy();
    }
    this.#plans.clear();
    this.#gpu.release(...this.#weights.values());
  }

  async #plan(images: number): Promise<BatchPlan> {
    const graph = vitGraph(this.#model.architecture, images, this.#precision);
    const plan = await Plan.create(this.#gpu, graph, {
      weights: this.#weights,
      outputs: graph.outputs,
      choose: (step) => chooseByTable(step, this.#gpu.capabilities),
    });
    const { preprocessing, affine, architecture } = this.#model;
    const { imageWidth: width, imageHeight: height, patchSize: patch } = architecture;
    const options = {
      framing: preprocessing,
      layout: { width, height, patch, affine },
      patches: plan.tensor("patches"),
      ...(this.#precision === "int8" && { scales: plan.tensor("patches.scale") }),
    };
    const slots = await Promise.all(
      Array.from({ length: images }, () => PictureSlot.create(this.#gpu, options)),
    );
    return { graph, plan, slots };
  }

  async #run({ graph, plan, slots }: BatchPlan, pictures: readonly PictureSource[]): Promise<Answer[]> {
    const { tokens } = graph.shape;
    const { prefixTokens, classes, width } = this.#model.architecture;
    pictures.forEach((picture, i) => {
      slots[i].prepare(picture, i * tokens + prefixTokens);
    });
    const { logits, embedding } = await plan.run((pass) => {
      for (const slot of slots) slot.encode(pass);
    });
    this.#last = { graph, plan, slots };
    const { readout, width: stride, classes: paddedClasses } = graph.shape;
    return pictures.map((_, i) => ({
      logits: logits?.slice(i * paddedClasses, i * paddedClasses + classes) ?? new Float32Array(),
      embedding: embedding.slice(i * readout * stride, i * readout * stride + width),
    }));
  }
}
