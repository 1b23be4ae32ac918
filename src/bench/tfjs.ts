// TensorFlow.js on its WebGPU backend, from wherever somebody has put it: the same model in its operations, in f32.

import { patchGrid, type VitArchitecture } from "../format/config.ts";
import type { CanonicalName } from "../format/names.ts";
import type { Tensors } from "../onnx/vit.ts";
import type { Entrant, Feed } from "./onnx-web.ts";

/** The part of the package that is used here; it is no dependency, so its own types are not at hand. */
interface Tf {
  setBackend(name: "webgpu"): Promise<boolean>;
  ready(): Promise<void>;
  enableProdMode(): void;
  tensor(values: Float32Array, shape: readonly number[]): Value;
  tidy<T extends Value>(work: () => T): T;
  conv2d(x: Value, filter: Value, strides: number, pad: "valid"): Value;
  concat(values: readonly Value[], axis: number): Value;
  moments(x: Value, axis: number, keepDims: true): { readonly mean: Value; readonly variance: Value };
  matMul(a: Value, b: Value, transposeA?: boolean, transposeB?: boolean): Value;
  readonly fused: {
    matMul(inputs: { a: Value; b: Value; transposeB: boolean; bias: Value | undefined }): Value;
  };
  keep(value: Value): Value;
  softmax(x: Value): Value;
  erf(x: Value): Value;
  tanh(x: Value): Value;
  sigmoid(x: Value): Value;
}

interface Value {
  add(other: Value | number): Value;
  sub(other: Value | number): Value;
  mul(other: Value | number): Value;
  div(other: Value | number): Value;
  rsqrt(): Value;
  reshape(shape: readonly number[]): Value;
  transpose(order: readonly number[]): Value;
  tile(times: readonly number[]): Value;
  slice(begin: readonly number[], size: readonly number[]): Value;
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
  architecture: VitArchitecture,
  tensors: Tensors,
  { pixels, shape }: Feed,
): Promise<Entrant> {
  for (const file of ["tf.min.js", "tf-backend-webgpu.min.js"])
    await import(/* @vite-ignore */ `${folder}${file}`);
  const { tf } = globalThis as unknown as { readonly tf: Tf };
  tf.enableProdMode();
  if (!(await tf.setBackend("webgpu"))) throw new Error("TensorFlow.js: its WebGPU backend does not start");
  await tf.ready();
  const model = new Model(tf, architecture, tensors);
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

/** The graph of onnx/vit.ts in TensorFlow.js's operations; tokens are rows [images * tokens, width]. */
class Model {
  readonly #tf: Tf;
  readonly #architecture: VitArchitecture;
  readonly #tensors: Tensors;
  readonly #constants = new Map<CanonicalName, Value>();

  constructor(tf: Tf, architecture: VitArchitecture, tensors: Tensors) {
    this.#tf = tf;
    this.#architecture = architecture;
    this.#tensors = tensors;
  }

  /** [images, height, width, 3], normalised -> [images, classes], or without a head [images, width]. */
  logits(pixels: Value, images: number): Value {
    const { depth, classes, headsCount, width } = this.#architecture;
    let x = this.#embed(pixels, images);
    for (let block = 0; block < depth; block++) x = this.#block(x, images, `blocks.${block}`);
    const tokens = this.#norm(x, "norm").reshape([images, this.#tokens, width]);
    const token = (i: number) => tokens.slice([0, i, 0], [images, 1, width]).reshape([images, width]);
    if (!classes) return token(0);
    const y = this.#linear(token(0), "head");
    return headsCount === 2 ? y.add(this.#linear(token(1), "head_distillation")).mul(0.5) : y;
  }

  dispose(): void {
    for (const value of this.#constants.values()) value.dispose();
  }

  get #tokens(): number {
    const grid = patchGrid(this.#architecture);
    return this.#architecture.prefixTokens + grid.width * grid.height;
  }

  #embed(pixels: Value, images: number): Value {
    const { patchSize, width, prefixTokens } = this.#architecture;
    const filter = this.#constant("patch.weight", [width, 3, patchSize, patchSize], [2, 3, 1, 0]);
    const map = this.#tf.conv2d(pixels, filter, patchSize, "valid");
    const patches = map.add(this.#constant("patch.bias", [width]));
    const prefix = ["class_token", "distillation_token"].slice(0, prefixTokens);
    const all = this.#tf.concat(
      [
        ...prefix.map((name) => this.#constant(name, [1, 1, width]).tile([images, 1, 1])),
        patches.reshape([images, -1, width]),
      ],
      1,
    );
    return all.add(this.#constant("positions", [1, this.#tokens, width])).reshape([-1, width]);
  }

  #block(x: Value, images: number, at: string): Value {
    const attended = this.#attention(this.#norm(x, `${at}.norm1`), images, at);
    const middle = this.#residual(x, attended, `${at}.proj`, `${at}.scale1`);
    const hidden = this.#activate(this.#linear(this.#norm(middle, `${at}.norm2`), `${at}.fc1`));
    return this.#residual(middle, hidden, `${at}.fc2`, `${at}.scale2`);
  }

  #attention(x: Value, images: number, at: string): Value {
    const tf = this.#tf;
    const { width, heads, headDim } = this.#architecture;
    const [q, k, v] = ["query", "key", "value"].map((part) =>
      this.#linear(x, `${at}.${part}`)
        .reshape([images, this.#tokens, heads, headDim])
        .transpose([0, 2, 1, 3]),
    );
    const shares = tf.softmax(tf.matMul(q, k, false, true).mul(1 / Math.sqrt(headDim)));
    return tf.matMul(shares, v).transpose([0, 2, 1, 3]).reshape([-1, width]);
  }

  #residual(x: Value, input: Value, layer: string, scale: string): Value {
    const y = this.#linear(input, layer);
    const { width, layerScale } = this.#architecture;
    return (layerScale ? y.mul(this.#constant(scale, [width])) : y).add(x);
  }

  #norm(x: Value, name: string): Value {
    const { width, layerNormEps } = this.#architecture;
    const { mean, variance } = this.#tf.moments(x, 1, true);
    const normed = x.sub(mean).mul(variance.add(layerNormEps).rsqrt());
    return normed.mul(this.#constant(`${name}.weight`, [width])).add(this.#constant(`${name}.bias`, [width]));
  }

  #linear(a: Value, name: string): Value {
    const { width, mlpWidth } = this.#architecture;
    const k = name.endsWith(".fc2") ? mlpWidth : width;
    const n = this.#tensors.get(`${name}.weight`)!.length / k;
    const bias = this.#tensors.has(`${name}.bias`) ? this.#constant(`${name}.bias`, [n]) : undefined;
    return this.#tf.fused.matMul({ a, b: this.#constant(`${name}.weight`, [n, k]), transposeB: true, bias });
  }

  #activate(x: Value): Value {
    const tf = this.#tf;
    switch (this.#architecture.activation) {
      case "gelu":
        return tf.erf(x.div(Math.SQRT2)).add(1).mul(x).mul(0.5);
      case "gelu_tanh": {
        const inner = x.mul(x).mul(x).mul(0.044715).add(x);
        return tf
          .tanh(inner.mul(Math.sqrt(2 / Math.PI)))
          .add(1)
          .mul(x)
          .mul(0.5);
      }
      case "quick_gelu":
        return tf.sigmoid(x.mul(1.702)).mul(x);
    }
  }

  /** Uploaded once, and turned where TensorFlow.js wants another order; no `tidy` takes it away. */
  #constant(name: CanonicalName, shape: readonly number[], order?: readonly number[]): Value {
    let value = this.#constants.get(name);
    if (!value) {
      const stored = this.#tf.tensor(this.#tensors.get(name)!, shape);
      value = this.#tf.keep(order ? stored.transpose(order) : stored);
      this.#constants.set(name, value);
    }
    return value;
  }
}
