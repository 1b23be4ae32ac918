// A calibration run: the float model over some pictures, and what its activations were.

import { Activations } from "../classifier/activations.ts";
import { uploadWeights } from "../classifier/gpu-device.ts";
import type { ModelDescription } from "../classifier/model.ts";
import type { PictureSource } from "../classifier/picture.ts";
import type { VitArchitecture } from "../format/config.ts";
import type { ModelFolder } from "../format/folder.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { vitShape } from "../vit/shape.ts";
import { type FloatModel, packedWeights, type ReadOptions, readFloatModel } from "./float-model.ts";
import { type Observed, Observer, randomFrom } from "./observe.ts";

export interface Observations {
  readonly model: FloatModel;
  readonly images: number;
  readonly seed: number;
  /** By the names of `Calibration`. */
  readonly of: ReadonlyMap<string, Observed>;
}

export interface ObserveOptions extends ReadOptions {
  /** Which rows are kept depends on it, and on nothing else. Default 0. */
  readonly seed?: number;
  /** Pictures that were seen, of all. */
  readonly onPicture?: (done: number, total: number) => void;
}

/** Rows of a picture's tensors that are kept whole. */
const ROWS = 16;
/** Query rows of a picture's heads whose softmax is kept. */
const SOFTMAX_ROWS = 4;

/**
 * Runs the float model over the pictures, which are opened one after another and closed again.
 * @throws UnsupportedModelError for a model that is quantised already; the signal's reason.
 */
export async function observe(
  gpu: Gpu,
  folder: ModelFolder,
  pictures: readonly (() => Promise<PictureSource>)[],
  { seed = 0, onPicture, ...reading }: ObserveOptions = {},
): Promise<Observations> {
  const model = await readFloatModel(folder, reading);
  const { description } = model;
  const weights = await uploadWeights(gpu, folder.id, packedWeights(model));
  let activations: Activations | undefined;
  try {
    activations = await Activations.open(gpu, description, "float32", weights);
    const observers = new ModelObservers(description, activations, seed);
    for (const [i, open] of pictures.entries()) {
      reading.signal?.throwIfAborted();
      onPicture?.(i, pictures.length);
      const picture = await open();
      try {
        observers.add(await activations.read(picture));
      } finally {
        picture.close();
      }
    }
    return { model, images: pictures.length, seed, of: observers.finish() };
  } finally {
    activations?.destroy();
    weights.destroy();
  }
}

class ModelObservers {
  readonly #architecture: VitArchitecture;
  readonly #shapes: Activations["shapes"];
  readonly #random: () => number;
  readonly #observers = new Map<string, Observer>();

  constructor({ architecture }: ModelDescription, { shapes }: Activations, seed: number) {
    this.#architecture = architecture;
    this.#shapes = shapes;
    this.#random = randomFrom(seed);
  }

  add(read: ReadonlyMap<string, Float32Array>): void {
    const { width, mlpWidth, depth } = this.#architecture;
    for (let block = 0; block < depth; block++) {
      const at = (name: string) => `blocks.${block}.${name}`;
      const plain = (name: string, tensor: string, columns: number) =>
        this.#observe(at(name), read.get(tensor)!, this.#shapes.get(tensor)!.width, range(columns));
      plain("norm1.input", block === 0 ? "x" : `blocks.${block - 1}.x`, width);
      plain("norm1", at("norm1"), width);
      plain("norm2.input", at("middle"), width);
      plain("norm2", at("norm2"), width);
      plain("fc1", at("fc1"), mlpWidth);
      const qkv = read.get(at("qkv"))!;
      for (const [i, part] of ["query", "key", "value"].entries())
        this.#observe(at(part), qkv, this.#shapes.get(at("qkv"))!.width, this.#headColumns(i));
      this.#observe(at("attention"), read.get(at("attention"))!, this.#attentionWidth, this.#headColumns(0));
      this.#addSoftmax(at, qkv);
    }
  }

  finish(): Map<string, Observed> {
    return new Map([...this.#observers].map(([name, observer]) => [name, observer.finish()]));
  }

  get #attentionWidth(): number {
    return vitShape(this.#architecture).attentionWidth;
  }

  /** Of Q, K or V: the columns of the heads without their padding. */
  #headColumns(part: number): number[] {
    const { heads, headDim } = this.#architecture;
    const { headStride } = vitShape(this.#architecture);
    return range(heads * headDim).map(
      (i) => part * this.#attentionWidth + Math.floor(i / headDim) * headStride + (i % headDim),
    );
  }

  #observe(name: string, values: Float32Array, stride: number, columns: readonly number[]): void {
    const observer = this.#observers.get(name) ?? new Observer(columns);
    this.#observers.set(name, observer);
    observer.add(values, stride, this.#pick(values.length / stride, ROWS));
  }

  /** softmax(q K^T / sqrt(head dim)) of some queries of every head. */
  #addSoftmax(at: (name: string) => string, qkv: Float32Array): void {
    const { heads, headDim } = this.#architecture;
    const { tokens } = vitShape(this.#architecture);
    const stride = 3 * this.#attentionWidth;
    const columns = this.#headColumns(0);
    const rows: number[] = [];
    for (let head = 0; head < heads; head++)
      for (const query of this.#pick(tokens, SOFTMAX_ROWS)) {
        const scores = range(tokens).map((key) => {
          let sum = 0;
          for (let d = 0; d < headDim; d++) {
            const column = columns[head * headDim + d];
            sum += qkv[query * stride + column] * qkv[key * stride + this.#attentionWidth + column];
          }
          return sum / Math.sqrt(headDim);
        });
        const greatest = Math.max(...scores);
        const weights = scores.map((score) => Math.exp(score - greatest));
        const mass = weights.reduce((a, b) => a + b);
        rows.push(...weights.map((weight) => weight / mass));
      }
    this.#observe(at("softmax"), Float32Array.from(rows), tokens, range(tokens));
  }

  /** Always the class token's, which the logits are read from: its values are none like the patches', and one row in hundreds. */
  #pick(rows: number, count: number): Set<number> {
    const picked = new Set([0]);
    while (picked.size < Math.min(rows, count)) picked.add(Math.floor(this.#random() * rows));
    return picked;
  }
}

const range = (length: number) => Array.from({ length }, (_, i) => i);
