// A calibration run: the float model over some images, and what its activations were.

import { Activations } from "../classifier/activations.ts";
import { uploadWeights } from "../classifier/gpu-device.ts";
import type { PictureSource } from "../classifier/picture.ts";
import type { ModelFolder } from "../format/folder.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { arithmeticOf } from "../lower/arithmetic.ts";
import { type CalibratedOp, calibratedNetwork, isFloat, isQkv } from "../lower/calibration.ts";
import { columnAt, columnsOf } from "../lower/padding.ts";
import { addendOf } from "../lower/problems.ts";
import { programOf } from "../lower/program-of.ts";
import { checkOptions } from "../network/attention-options.ts";
import {
  type Attention,
  headsOf,
  type Interpreter,
  interpret,
  type Network,
  type Value,
} from "../network/op.ts";
import { type FloatModel, type ReadOptions, readFloatModel, storedTensorsOf } from "./float-model.ts";
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
  /** Images that were seen, of all. */
  readonly onPicture?: (done: number, total: number) => void;
}

/** Rows of an image's tensors that are kept whole. */
const ROWS = 16;
/** Query rows of an image's heads whose softmax is kept. */
const SOFTMAX_ROWS = 4;

/**
 * Runs the float model over the images, which are opened one after another and closed again.
 * @throws UnsupportedModelError for a model that is quantized already; the signal's reason.
 */
export async function observe(
  gpu: Gpu,
  folder: ModelFolder,
  pictures: readonly (() => Promise<PictureSource>)[],
  { seed = 0, onPicture, ...reading }: ObserveOptions = {},
): Promise<Observations> {
  const model = await readFloatModel(folder, reading);
  const { description } = model;
  const program = await programOf(description, arithmeticOf({ precision: "float32" }));
  const weights = await uploadWeights(gpu, folder.id, program.pack(storedTensorsOf(model)));
  let activations: Activations | undefined;
  try {
    activations = await Activations.open(gpu, description, program, weights);
    const observers = new ModelObservers(calibratedNetwork(activations.graph.network), seed);
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

/** Columns of a tensor, which are not all that it has where parts of it are observed by themselves. */
interface Place {
  readonly name: string;
  readonly value: Value;
  /** In memory, without padding. */
  readonly columns: readonly number[];
  /** Its softmax weights are observed too. */
  readonly attention?: Attention;
}

const whole = (value: Value, name = value.name): Place => ({ name, value, columns: columnsIn(value) });

/** The observed values of each operation, by the names of `Calibration`. */
const PLACES: Interpreter<CalibratedOp, [Network<CalibratedOp>], readonly Place[]> = {
  patches: () => [],
  linear: (op, network) => {
    const { name, out } = op;
    if (isQkv(op))
      return ["query", "key", "value"].map((part, i) => {
        const third = out.width / 3;
        const columns = columnsIn(out).slice(i * third, (i + 1) * third);
        return { name: name.replace(/qkv$/, part), value: out, columns };
      });
    return addendOf(op) || isFloat(out, network) ? [] : [whole(out)];
  },
  norm: ({ name, reads, out }, network) =>
    isFloat(out, network) ? [] : [whole(reads[0], `${name}.input`), whole(out)],
  attention: (op) => {
    checkOptions(op, "calibration", []);
    return [{ ...whole(op.out), attention: op }];
  },
  gather: () => [],
  pool: () => [],
  concat: () => [],
};

class ModelObservers {
  readonly #places: readonly Place[];
  readonly #random: () => number;
  readonly #observers = new Map<string, Observer>();

  constructor(network: Network<CalibratedOp>, seed: number) {
    // Rows are drawn in this order, which must not change for a seed to draw the same rows: within a block, the attention is last.
    const block = ({ name }: Place) => Number(/^blocks\.(\d+)/.exec(name)?.[1] ?? 0);
    const late = ({ name }: Place) => Number(/\.(?:query|key|value|attention)$/.test(name));
    const places = network.ops.flatMap((op) => interpret(PLACES, op, network));
    this.#places = places.sort((a, b) => block(a) - block(b) || late(a) - late(b));
    this.#random = randomFrom(seed);
  }

  add(read: ReadonlyMap<string, Float32Array>): void {
    for (const { name, value, columns, attention } of this.#places) {
      this.#observe(name, read.get(value.name)!, columnsOf(value), columns);
      if (attention) this.#addSoftmax(attention, read.get(attention.reads[0].name)!);
    }
  }

  finish(): Map<string, Observed> {
    return new Map([...this.#observers].map(([name, observer]) => [name, observer.finish()]));
  }

  #observe(name: string, values: Float32Array, stride: number, columns: readonly number[]): void {
    const observer = this.#observers.get(name) ?? new Observer(columns);
    this.#observers.set(name, observer);
    observer.add(values, stride, this.#pick(values.length / stride, ROWS));
  }

  /** softmax(q K^T / sqrt(head dim)) of some queries of every head. */
  #addSoftmax(op: Attention, qkv: Float32Array): void {
    const { heads, headDim } = headsOf(op);
    const tokens = op.reads[0].rows;
    const stride = columnsOf(op.reads[0]);
    const columns = columnsIn(op.out);
    const rows: number[] = [];
    for (let head = 0; head < heads; head++)
      for (const query of this.#pick(tokens, SOFTMAX_ROWS)) {
        const scores = range(tokens).map((key) => {
          let sum = 0;
          for (let d = 0; d < headDim; d++) {
            const column = columns[head * headDim + d];
            sum += qkv[query * stride + column] * qkv[key * stride + stride / 3 + column];
          }
          return sum / Math.sqrt(headDim);
        });
        const greatest = Math.max(...scores);
        const weights = scores.map((score) => Math.exp(score - greatest));
        const mass = weights.reduce((a, b) => a + b);
        rows.push(...weights.map((weight) => weight / mass));
      }
    const name = op.name.replace(/attention$/, "softmax");
    this.#observe(name, Float32Array.from(rows), tokens, range(tokens));
  }

  /** Always the class token's, which the logits are read from: its values are none like the patches', and one row in hundreds. */
  #pick(rows: number, count: number): Set<number> {
    const picked = new Set([0]);
    while (picked.size < Math.min(rows, count)) picked.add(Math.floor(this.#random() * rows));
    return picked;
  }
}

/** The columns of a value in memory. */
const columnsIn = (value: Value) => range(value.width).map((column) => columnAt(column, value));
const range = (length: number) => Array.from({ length }, (_, i) => i);
