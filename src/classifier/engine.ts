// One model on one device: a batch for each number of images, and runs one after another.

import { SelfTestError } from "../errors/errors.ts";
import { part } from "../errors/part.ts";
import type { AttentionMap } from "../lower/attention-map.ts";
import type { ModelGraph } from "../lower/lowering.ts";
import { columnsOf } from "../lower/padding.ts";
import type { Program } from "../lower/program.ts";
import type { Attention, Value } from "../network/op.ts";
import type { PictureSource } from "./picture.ts";

/** The outputs of a model for one image. */
export interface Answer {
  /** Empty if the model has no head. */
  readonly logits: Float32Array;
  /** The output token after the last norm; if there are two, the class token. */
  readonly embedding: Float32Array;
  /** [objects, 4] for a detection model; otherwise empty. */
  readonly boxes: Float32Array;
}

/** Features of every patch, for dense prediction and matching. */
export interface Features {
  /** Patches per row. */
  readonly width: number;
  /** Patches per column. */
  readonly height: number;
  readonly channels: number;
  /** [height, width, channels] f32, after the last norm. */
  readonly data: Float32Array;
  /** [channels] f32; undefined if the model has no class token. */
  readonly classToken: Float32Array | undefined;
}

/** Time of one type of pass, all blocks together. */
export interface PassTime {
  /** The type: `preprocess`, `patch`, `norm1`, `qkv`, `attention`, `proj`, `norm2`, `fc1`, `fc2`, `norm`, `head`. */
  readonly name: string;
  readonly ms: number;
}

/** The time of a run by type of pass. */
export interface Profile {
  /** `timestamps`: GPU time only. `wall`: time of a separate submit per pass. */
  readonly source: "timestamps" | "wall";
  readonly passes: readonly PassTime[];
}

/** Time of each step in ms; the first step is `preprocess`. */
export interface StepTimes extends Pick<Profile, "source"> {
  readonly times: ReadonlyMap<string, number>;
}

/** Which kernel and variant a step runs, and why. */
export interface Chosen {
  readonly kernel: { readonly name: string };
  readonly variant: string;
  readonly why: string;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  /** Called when another run may begin, before this run's results are ready. */
  readonly onSubmitted?: () => void;
  /** The input of a lookup, instead of images: the tensor's name and its floats. */
  readonly given?: { readonly name: string; readonly rows: Float32Array<ArrayBuffer> };
}

/** A graph made ready to run on a device, for one number of images. */
export interface Batch {
  readonly graph: ModelGraph;
  readonly choices: ReadonlyMap<string, Chosen>;
  /** Dispatches of a run, those of its images included. */
  readonly dispatches: number;
  /** The bytes of the graph's outputs, as copies. A run begins when the one before is done, or submitted. */
  run(pictures: readonly PictureSource[], options?: RunOptions): Promise<Record<string, ArrayBuffer>>;
  profile(picture: PictureSource): Promise<StepTimes>;
  destroy(): void;
}

/** A device with a model's weights on it. */
export interface Backend<B extends Batch = Batch> {
  /** Settles when the pipelines for one image are compiled; its batch throws a failure. */
  readonly compiling?: Promise<unknown>;
  /** Keeps for the next visit what preparing the first batch has taught. */
  readonly keep?: () => Promise<void>;
  batch(graph: ModelGraph, images: number): Promise<B>;
  /** Releases the weights. */
  destroy(): void;
}

/** A batch is known by its images; the one with taps, for attention maps, and the one of all tokens by these. */
const TAPS = 0;
const TOKENS = -1;
/** Number of other batches that are cached: one of full size for many images, and one for the remaining images. */
const KEPT = 2;

export class Engine<B extends Batch = Batch> {
  readonly #program: Program;
  readonly #backend: Backend<B>;
  /** In the order of their last use. */
  readonly #batches = new Map<number, Promise<B>>();
  /** When the next run may begin. */
  #tail: Promise<unknown> = Promise.resolve();
  /** Settles when the last requested run is over, whether it succeeded or failed. */
  #done: Promise<unknown> = Promise.resolve();
  #last: B | undefined;

  constructor(program: Program, backend: Backend<B>) {
    this.#program = program;
    this.#backend = backend;
  }

  /** Kernel and variant by step, of the batch that ran last. */
  get choices(): ReadonlyMap<string, Chosen> {
    return this.#last?.choices ?? new Map();
  }

  /** Dispatches of the batch that ran last, those of its images included. */
  get dispatches(): number {
    return this.#last?.dispatches ?? 0;
  }

  /** Compiles and allocates a batch of this size, unless it is cached. */
  prepare(images: number): Promise<B> {
    return this.#inTurn(undefined, async () => {
      const batch = await this.#batchOf(images);
      this.#last ??= batch;
      return batch;
    });
  }

  /** Runs after earlier requests. An aborted call that still waits is dropped. */
  run(pictures: readonly PictureSource[], signal?: AbortSignal): Promise<Answer[]> {
    return this.#inTurn(signal, async (onSubmitted) => {
      const size = pictures.length;
      const options = { signal, onSubmitted };
      let batch = await this.#batchOf(size);
      signal?.throwIfAborted(); // the caller has aborted and closed the images
      const outputs = await batch.run(pictures, options).catch(async (error) => {
        if (!(error instanceof SelfTestError)) throw error;
        // A new batch uses other kernels, or throws if there are none.
        this.#batches.delete(size);
        batch.destroy();
        batch = await this.#batchOf(size);
        return batch.run(pictures, options);
      });
      this.#last = batch;
      return this.#answers(batch, outputs, size);
    });
  }

  /** Time by kind of pass, for one image. */
  profile(picture: PictureSource): Promise<Profile> {
    return this.#inTurn(undefined, async () => profileOf(await (await this.#batchOf(1)).profile(picture)));
  }

  /** Computes the attention of the class token. Runs its own batch, which keeps every block's Q, K and V. */
  attention(picture: PictureSource, signal?: AbortSignal): Promise<AttentionMap> {
    return this.#inTurn(signal, async () => {
      const { attentionMap, qkvReader } = await part(import("../lower/attention-map.ts"));
      const { layoutOf } = await part(import("../network/features.ts"));
      const { network } = (await this.#batchOf(1)).graph;
      const batch = await this.#batchOf(TAPS);
      const outputs = await batch.run([picture], { signal });
      const { ops } = batch.graph.network;
      const blocks = ops
        .filter((op): op is Attention => op.kind === "attention")
        .map((op) => {
          const [qkv] = op.reads;
          return { op, read: qkvReader(outputs[qkv.name], outputs[`${qkv.name}.scale`], columnsOf(qkv)) };
        });
      return attentionMap(blocks, layoutOf(network, blocks[0].op.reads[0].rows));
    });
  }

  /** All tokens after the last norm. Runs a batch of its own, in which the last block computes every row. */
  features(picture: PictureSource, signal?: AbortSignal): Promise<Features> {
    return this.#inTurn(signal, async () => {
      const { layoutOf } = await part(import("../network/features.ts"));
      const { network } = (await this.#batchOf(1)).graph;
      const batch = await this.#batchOf(TOKENS);
      const { tokens } = await batch.run([picture], { signal });
      const { rows, width } = batch.graph.network.outputs.tokens;
      const { grid, before } = layoutOf(network, rows);
      const columns = columnsOf(batch.graph.network.outputs.tokens);
      const all = new Float32Array(tokens);
      const rowOf = (row: number) => all.slice(row * columns, row * columns + width);
      const data = new Float32Array(grid.width * grid.height * width);
      for (let i = 0; i < grid.width * grid.height; i++) data.set(rowOf(before + i), i * width);
      return { ...grid, channels: width, data, classToken: before ? rowOf(0) : undefined };
    });
  }

  /** Waits for the current run, then releases all memory. */
  async destroy(): Promise<void> {
    await Promise.all([this.#tail, this.#done]);
    for (const made of await Promise.allSettled(this.#batches.values()))
      if (made.status === "fulfilled") made.value.destroy();
    this.#batches.clear();
    this.#backend.destroy();
  }

  /**
   * At most two runs are in flight: the next begins when this one is submitted and the previous one is done, so that the GPU is busy while
   * results are read and the next images are uploaded.
   */
  #inTurn<T>(signal: AbortSignal | undefined, work: (onSubmitted: () => void) => Promise<T>): Promise<T> {
    let onSubmitted = () => {};
    const submitted = new Promise<void>((resolve) => {
      onSubmitted = resolve;
    });
    const turn = this.#tail
      .then(() => {
        signal?.throwIfAborted();
        return work(onSubmitted);
      })
      .finally(() => this.#dropUnused());
    const done = turn.then(
      () => {},
      () => {},
    );
    this.#tail = Promise.all([this.#done, Promise.race([submitted, done])]);
    this.#done = done;
    return turn;
  }

  #batchOf(key: number): Promise<B> {
    let batch = this.#batches.get(key);
    if (!batch) {
      const images = Math.max(1, key);
      batch = this.#graphOf(key).then((graph) => this.#backend.batch(graph, images));
      batch.catch(() => this.#batches.delete(key));
    }
    this.#batches.delete(key);
    this.#batches.set(key, batch);
    return batch;
  }

  async #graphOf(key: number): Promise<ModelGraph> {
    return key === TOKENS ? this.#program.features!() : this.#program.graph(Math.max(1, key), key === TAPS);
  }

  /** At the end of a turn no run is in flight but the next one, whose batch is the one used last. */
  #dropUnused(): void {
    const sizes = [...this.#batches.keys()].filter((key) => key > 0);
    for (const size of sizes.slice(0, -KEPT)) {
      void this.#batches.get(size)!.then((batch) => batch.destroy());
      this.#batches.delete(size);
    }
  }

  #answers({ graph }: Batch, read: Record<string, ArrayBuffer>, images: number): Answer[] {
    const { logits, embedding, boxes } = graph.network.outputs;
    // For a detection model, one row per object. Otherwise the first row: the rows after it do not belong to the embedding.
    const rowsOf = (value: Value | undefined, image: number, answers = boxes?.rows ?? 1) => {
      if (!value) return new Float32Array();
      const { rows, width } = value;
      const columns = columnsOf(value);
      const all = new Float32Array(read[value.name]);
      const values = new Float32Array(answers * width);
      for (let row = 0; row < answers; row++) {
        const from = (image * rows + row) * columns;
        values.set(all.subarray(from, from + width), row * width);
      }
      return values;
    };
    return Array.from({ length: images }, (_, i) => ({
      logits: rowsOf(logits, i),
      embedding: rowsOf(embedding, i, 1),
      boxes: rowsOf(boxes, i),
    }));
  }
}

/** Sums steps of one kind over all blocks; the kind is the end of a label. */
export function profileOf({ source, times }: StepTimes): Profile {
  const kinds = new Map<string, number>();
  for (const [label, ms] of times) {
    const name = label.split(".").at(-1)!;
    kinds.set(name, (kinds.get(name) ?? 0) + ms);
  }
  return { source, passes: [...kinds].map(([name, ms]) => ({ name, ms })) };
}
