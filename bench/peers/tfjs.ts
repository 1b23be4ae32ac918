// TensorFlow.js on its WebGPU backend, if it is installed: the same model with its operations, in f32.

import { UnsupportedModelError } from "../../src/errors/errors.ts";
import { checkOptions } from "../../src/network/attention-options.ts";
import type { CanonicalName } from "../../src/network/names.ts";
import {
  headsOf,
  type Interpreter,
  interpret,
  type Network,
  type Op,
  type Value,
} from "../../src/network/op.ts";
import type { Tensors } from "../../src/onnx/writer.ts";
import type { Activation } from "../../src/tensor/activation.ts";
import type { Entrant, Feed } from "./onnx-web.ts";

/** The part of the package that is used here. It is not a dependency, so its own types are not available. */
interface Tf {
  setBackend(name: "webgpu"): Promise<boolean>;
  ready(): Promise<void>;
  enableProdMode(): void;
  tensor(values: Float32Array, shape: readonly number[]): Tensor;
  tidy<T extends Tensor>(work: () => T): T;
  conv2d(x: Tensor, filter: Tensor, strides: number, pad: "valid"): Tensor;
  concat(values: readonly Tensor[], axis: number): Tensor;
  moments(x: Tensor, axis: number, keepDims: true): { readonly mean: Tensor; readonly variance: Tensor };
  matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor;
  readonly fused: {
    matMul(inputs: { a: Tensor; b: Tensor; transposeB: boolean; bias: Tensor | undefined }): Tensor;
  };
  keep(value: Tensor): Tensor;
  softmax(x: Tensor): Tensor;
  erf(x: Tensor): Tensor;
  tanh(x: Tensor): Tensor;
  relu(x: Tensor): Tensor;
  sigmoid(x: Tensor): Tensor;
}

interface Tensor {
  add(other: Tensor | number): Tensor;
  sub(other: Tensor | number): Tensor;
  mul(other: Tensor | number): Tensor;
  div(other: Tensor | number): Tensor;
  rsqrt(): Tensor;
  reshape(shape: readonly number[]): Tensor;
  transpose(order: readonly number[]): Tensor;
  tile(times: readonly number[]): Tensor;
  slice(begin: readonly number[], size: readonly number[]): Tensor;
  mean(axis: number): Tensor;
  data(): Promise<Float32Array>;
  dispose(): void;
}

/**
 * One model for one feed. `folder` is an address, with the slash, that has `tf.min.js` of @tensorflow/tfjs and
 * `tf-backend-webgpu.min.js` of @tensorflow/tfjs-backend-webgpu.
 * @throws TypeError where they are not in the folder, Error where the backend does not start.
 */
export async function openTfjs(
  folder: string,
  network: Network,
  tensors: Tensors,
  { pixels, shape }: Feed,
): Promise<Entrant> {
  for (const file of ["tf.min.js", "tf-backend-webgpu.min.js"])
    await import(/* @vite-ignore */ `${folder}${file}`);
  const { tf } = globalThis as unknown as { readonly tf: Tf };
  tf.enableProdMode();
  if (!(await tf.setBackend("webgpu"))) throw new Error("TensorFlow.js: its WebGPU backend does not start");
  await tf.ready();
  const model = new Model(tf, network, tensors);
  const [images, channels, height, width] = shape;
  const planes = tf.tensor(pixels, [images, channels, height, width]);
  const input = planes.transpose([0, 2, 3, 1]);
  return {
    name: "tfjs webgpu",
    async run() {
      const output = tf.tidy(() => model.logits(input, images));
      const data = await output.data();
      output.dispose();
      const length = data.length / images;
      return Array.from({ length: images }, (_, i) => data.slice(i * length, (i + 1) * length));
    },
    async release() {
      for (const value of [planes, input]) value.dispose();
      model.dispose();
    },
  };
}

/** A network in TensorFlow.js's operations; the rows of all images are one axis, [images * rows, width]. */
class Model {
  readonly tf: Tf;
  readonly #network: Network;
  readonly #tensors: Tensors;
  readonly #constants = new Map<CanonicalName, Tensor>();

  constructor(tf: Tf, network: Network, tensors: Tensors) {
    this.tf = tf;
    this.#network = network;
    this.#tensors = tensors;
  }

  /** [images, height, width, 3], normalized -> [images, classes], or without a head [images, width]. */
  logits(pixels: Tensor, images: number): Tensor {
    const made = new Map<Value, Tensor>();
    const of = (value: Value) => made.get(value) ?? pixels;
    for (const op of this.#network.ops)
      made.set(op.out, interpret(OPERATIONS, op, { model: this, images, of }));
    return of(Object.values(this.#network.outputs).at(-1)!);
  }

  dispose(): void {
    for (const value of this.#constants.values()) value.dispose();
  }

  has(name: CanonicalName): boolean {
    return this.#tensors.has(name);
  }

  /** Uploaded once, and turned where TensorFlow.js wants another order; no `tidy` takes it away. */
  constant(name: CanonicalName, shape: readonly number[], order?: readonly number[]): Tensor {
    let value = this.#constants.get(name);
    if (!value) {
      const stored = this.tf.tensor(this.#tensors.get(name)!, shape);
      value = this.tf.keep(order ? stored.transpose(order) : stored);
      this.#constants.set(name, value);
    }
    return value;
  }
}

interface Run {
  readonly model: Model;
  readonly images: number;
  /** What was made of a value; of what nothing was, the pixels. */
  readonly of: (value: Value) => Tensor;
}

const unsupported = ({ name, kind }: Op) =>
  new UnsupportedModelError(`${name}: ${kind} is not supported by the TensorFlow.js benchmark; leave it out`);

const OPERATIONS: Interpreter<Op, [Run], Tensor> = {
  patches: ({ out }, { of }) => of(out),
  linear: ({ name, reads: [x], out, sources: [{ shape }] }, { model, of }) => {
    const bias = model.has(`${name}.bias`) ? model.constant(`${name}.bias`, [out.width]) : undefined;
    if (shape.length > 2) {
      const filter = model.constant(`${name}.weight`, shape, [2, 3, 1, 0]);
      return model.tf.conv2d(of(x), filter, shape[2], "valid").add(bias!).reshape([-1, out.width]);
    }
    const weight = model.constant(`${name}.weight`, shape);
    return model.tf.fused.matMul({ a: of(x), b: weight, transposeB: true, bias });
  },
  norm: ({ name, reads: [x], out, eps }, { model, of }) => {
    const { mean, variance } = model.tf.moments(of(x), 1, true);
    const normed = of(x).sub(mean).mul(variance.add(eps).rsqrt());
    const [gamma, beta] = ["weight", "bias"].map((leaf) => model.constant(`${name}.${leaf}`, [out.width]));
    return normed.mul(gamma).add(beta);
  },
  attention: (op, { model: { tf }, images, of }) => {
    checkOptions(op, "the TensorFlow.js model", ["separate inputs"]);
    const { heads, headDim } = headsOf(op);
    const [q, k, v] = op.reads.map((value) =>
      of(value).reshape([images, value.rows, heads, headDim]).transpose([0, 2, 1, 3]),
    );
    const shares = tf.softmax(tf.matMul(q, k, false, true).mul(1 / Math.sqrt(headDim)));
    return tf.matMul(shares, v).transpose([0, 2, 1, 3]).reshape([-1, op.out.width]);
  },
  activation: ({ reads: [x], activation }, { model, of }) => ACTIVATIONS[activation](model.tf, of(x)),
  add: ({ reads: [x, y], out, scale }, { model, of }) =>
    (scale ? of(y).mul(model.constant(scale, [out.width])) : of(y)).add(of(x)),
  tokens: ({ tokens, at, reads: [x], out }, { model, images, of }) => {
    const learnt = tokens.map(({ name, rows }) =>
      model.constant(name, [1, rows, out.width]).tile([images, 1, 1]),
    );
    const others = of(x).reshape([images, x.rows, out.width]);
    const part = (first: number, count: number) =>
      count > 0 ? [others.slice([0, first, 0], [images, count, out.width])] : [];
    const all = model.tf.concat([...part(0, at), ...learnt, ...part(at, x.rows - at)], 1);
    return all.reshape([-1, out.width]);
  },
  table: (op, { model, images, of }) => {
    const { table, reads, out, count } = op;
    if (count !== out.rows) throw unsupported(op);
    const rows = model.constant(table, [1, out.rows, out.width]);
    return of(reads[0]).reshape([images, out.rows, out.width]).add(rows).reshape([-1, out.width]);
  },
  learnt: ({ learnt: { name, rows }, out }, { model, images }) =>
    model.constant(name, [1, rows, out.width]).tile([images, 1, 1]).reshape([-1, out.width]),
  heads: (op) => {
    throw unsupported(op);
  },
  lookup: (op) => {
    throw unsupported(op);
  },
  gather: (op, { images, of }) => {
    const { reads, out, index } = op;
    if (index.length > 1) throw unsupported(op);
    const rows = of(reads[0]).reshape([images, reads[0].rows, out.width]);
    return rows.slice([0, index[0], 0], [images, 1, out.width]).reshape([images, out.width]);
  },
  pool: ({ reads: [x], out, first, count }, { images, of }) => {
    const rows = of(x).reshape([images, x.rows, out.width]);
    return rows.slice([0, first, 0], [images, count, out.width]).mean(1);
  },
  concat: ({ reads: [x, y] }, { model, of }) => model.tf.concat([of(x), of(y)], 1),
  gate: ({ reads: [x, y], activation }, { model, of }) => ACTIVATIONS[activation](model.tf, of(x)).mul(of(y)),
  mean: ({ reads }, { of }) =>
    reads
      .map(of)
      .reduce((a, b) => a.add(b))
      .mul(1 / reads.length),
};

const ACTIVATIONS: Record<Activation, (tf: Tf, x: Tensor) => Tensor> = {
  gelu: (tf, x) => tf.erf(x.div(Math.SQRT2)).add(1).mul(x).mul(0.5),
  gelu_tanh: (tf, x) => {
    const inner = x
      .mul(x)
      .mul(x)
      .mul(0.044715)
      .add(x)
      .mul(Math.sqrt(2 / Math.PI));
    return tf.tanh(inner).add(1).mul(x).mul(0.5);
  },
  quick_gelu: (tf, x) => tf.sigmoid(x.mul(1.702)).mul(x),
  silu: (tf, x) => tf.sigmoid(x).mul(x),
  relu: (tf, x) => tf.relu(x),
  tanh: (tf, x) => tf.tanh(x),
};
