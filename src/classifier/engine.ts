// One model on one device: a plan and picture slots per batch size, and runs one after another.

import { patchGrid } from "../format/config.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { Timer } from "../gpu/timer.ts";
import { chooseByTable } from "../scheduler/choose.ts";
import { type Choice, type Choose, Plan } from "../scheduler/plan.ts";
import { chooseProven } from "../scheduler/tune.ts";
import { type AttentionMap, attentionMap, qkvReader } from "../vit/attention-map.ts";
import { type VitGraph, vitGraph } from "../vit/graph.ts";
import type { Int8Kernels } from "../vit/int8-kernels.ts";
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

/** GPU time of one kind of pass, all blocks together. */
export interface PassTime {
  /** `preprocess`, `patch`, `norm1`, `qkv`, `attention`, `proj`, `norm2`, `fc1`, `fc2`, `norm`, `head`. */
  readonly name: string;
  readonly ms: number;
}

export interface Profile {
  /** `timestamps` count the GPU alone, `wall` a submit of its own for each pass. */
  readonly source: "timestamps" | "wall";
  readonly passes: readonly PassTime[];
}

export interface EngineOptions {
  readonly precision: Precision;
  /** What computes the int8 path; default: the kernels with softmax, LayerNorm and GELU in f32. */
  readonly kernels?: Int8Kernels;
  /** Longest GPU time of one submit, so that a page stays alive; absent: one submit a run. */
  readonly sliceMs?: number;
  /** How kernels are chosen; default: by the table, where that answers right. */
  readonly choose?: Choose;
}

export interface BatchPlan {
  readonly graph: VitGraph;
  readonly plan: Plan;
  readonly slots: readonly PictureSlot[];
}

/** A batch plan is known by its pictures; the one with taps, for attention maps, by this. */
const TAPS = 0;

export class Engine {
  readonly #gpu: Gpu;
  readonly #model: ModelDescription;
  readonly #options: EngineOptions;
  readonly #weights: ReadonlyMap<string, GPUBuffer>;
  readonly #plans = new Map<number, Promise<BatchPlan>>();
  #tail: Promise<unknown> = Promise.resolve();
  #last: BatchPlan | undefined;

  constructor(
    gpu: Gpu,
    model: ModelDescription,
    options: EngineOptions,
    weights: ReadonlyMap<string, GPUBuffer>,
  ) {
    this.#gpu = gpu;
    this.#model = model;
    this.#options = options;
    this.#weights = weights;
  }

  /** Compiles what one picture needs, so that it happens while the weights download. A failure is told by `prepare`. */
  static compileAhead(
    gpu: Gpu,
    { architecture }: ModelDescription,
    { precision, kernels }: EngineOptions,
  ): Promise<unknown> {
    const pipelines = vitGraph(architecture, 1, precision, { kernels }).steps.map((step) => {
      const { kernel, variant } = chooseByTable(step, gpu.capabilities);
      return gpu.pipeline(kernel, variant, step.problem as never);
    });
    return Promise.allSettled(pipelines);
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
  async prepare(images: number): Promise<BatchPlan> {
    const batch = await this.#planFor(images);
    this.#last ??= batch;
    return batch;
  }

  /** Runs after those asked for before; an aborted call that still waits is dropped. */
  run(pictures: readonly PictureSource[], signal?: AbortSignal): Promise<Answer[]> {
    return this.#inTurn(signal, async () => {
      const batch = await this.#planFor(pictures.length);
      const outputs = await this.#encode(batch, pictures, signal);
      this.#last = batch;
      return this.#answers(batch, outputs, pictures.length);
    });
  }

  /** GPU time by kind of pass, for one picture. */
  profile(picture: PictureSource): Promise<Profile> {
    return this.#inTurn(undefined, async () => {
      const { graph, plan, slots } = await this.#planFor(1);
      const timer = new Timer(this.#gpu);
      try {
        slots[0].prepare(picture, this.#firstRow(graph, 0));
        const times = new Map([["preprocess", await timer.measure((pass) => slots[0].encode(pass))]]);
        for (const [label, ms] of await plan.profile(timer)) {
          const name = label.split(".").at(-1)!;
          times.set(name, (times.get(name) ?? 0) + ms);
        }
        return { source: timer.source, passes: [...times].map(([name, ms]) => ({ name, ms })) };
      } finally {
        timer.destroy();
      }
    });
  }

  /** Where the class token looks. Runs a plan of its own that keeps every block's Q, K and V. */
  attention(picture: PictureSource, signal?: AbortSignal): Promise<AttentionMap> {
    return this.#inTurn(signal, async () => {
      const batch = await this.#planFor(TAPS);
      const outputs = await this.#encode(batch, [picture], signal);
      const { architecture } = this.#model;
      const { shape } = batch.graph;
      const blocks = Array.from({ length: architecture.depth }, (_, i) =>
        qkvReader(outputs[`blocks.${i}.qkv`], outputs[`blocks.${i}.qkv.scale`], 3 * shape.attentionWidth),
      );
      return attentionMap(architecture, shape, blocks, patchGrid(architecture));
    });
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

  #inTurn<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(() => {
      signal?.throwIfAborted();
      return work();
    });
    this.#tail = turn.catch(() => {});
    return turn;
  }

  #planFor(images: number): Promise<BatchPlan> {
    let plan = this.#plans.get(images);
    if (!plan) {
      plan = this.#gpu.guarded(`preparing batches of ${images || 1}`, () => this.#plan(images));
      this.#plans.set(images, plan);
      plan.catch(() => this.#plans.delete(images));
    }
    return plan;
  }

  async #plan(key: number): Promise<BatchPlan> {
    const { architecture, preprocessing, affine } = this.#model;
    const { precision, kernels } = this.#options;
    const images = key === TAPS ? 1 : key;
    const graph = vitGraph(architecture, images, precision, { taps: key === TAPS, kernels });
    const plan = await Plan.create(this.#gpu, graph, {
      weights: this.#weights,
      outputs: graph.outputs,
      choose: this.#options.choose ?? chooseProven(this.#gpu),
    });
    const { imageWidth: width, imageHeight: height, patchSize: patch } = architecture;
    const options = {
      framing: preprocessing,
      layout: { width, height, patch, affine },
      patches: plan.tensor("patches"),
      ...(precision === "int8" && { scales: plan.tensor("patches.scale") }),
    };
    const slots = await Promise.all(
      Array.from({ length: images }, () => PictureSlot.create(this.#gpu, options)),
    );
    return { graph, plan, slots };
  }

  /** Row of a picture's first patch: behind the pictures before it, and its own prefix tokens. */
  #firstRow(graph: VitGraph, image: number): number {
    return image * graph.shape.tokens + this.#model.architecture.prefixTokens;
  }

  #encode(
    { graph, plan, slots }: BatchPlan,
    pictures: readonly PictureSource[],
    signal: AbortSignal | undefined,
  ): Promise<Record<string, ArrayBuffer>> {
    pictures.forEach((picture, i) => {
      slots[i].prepare(picture, this.#firstRow(graph, i));
    });
    const encodeInputs = (pass: GPUComputePassEncoder) => {
      for (const slot of slots) slot.encode(pass);
    };
    return plan.run(encodeInputs, { signal, sliceMs: this.#options.sliceMs });
  }

  #answers({ graph }: BatchPlan, outputs: Record<string, ArrayBuffer>, images: number): Answer[] {
    const { classes, width } = this.#model.architecture;
    const { readout, width: stride, classes: paddedClasses } = graph.shape;
    const embedding = new Float32Array(outputs.embedding);
    const logits = classes ? new Float32Array(outputs.logits) : new Float32Array();
    return Array.from({ length: images }, (_, i) => ({
      logits: logits.slice(i * paddedClasses, i * paddedClasses + classes),
      embedding: embedding.slice(i * readout * stride, i * readout * stride + width),
    }));
  }
}
