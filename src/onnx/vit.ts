// A Vision Transformer as an ONNX graph, node for node as exporters write transformers' ViT and DeiT.

import { patchGrid, type VitArchitecture } from "../format/config.ts";
import type { CanonicalName } from "../format/names.ts";
import { OnnxGraph, TYPES, type Value } from "./graph.ts";
import { floats, linear, type OnnxFormat } from "./linear.ts";
import type { Message } from "./protobuf.ts";

/** Checkpoint tensors by canonical name, in f32, with Q, K and V apart. */
export type Tensors = ReadonlyMap<CanonicalName, Float32Array>;

/** What the file calls its input, [batch, 3, height, width] f32, normalised. */
export const INPUT = "pixel_values";
const BATCH = "batch_size";

/**
 * The file of a model: `pixel_values` -> `logits` [batch, classes], or without a head `embedding` [batch, width], both
 * f32. The patch embedding stays a float convolution in every format, as hubs have it.
 */
export function onnxVit(architecture: VitArchitecture, tensors: Tensors, format: OnnxFormat): Message {
  const model = new Builder(architecture, tensors, format);
  let x = model.embed();
  for (let block = 0; block < architecture.depth; block++) x = model.block(x, block);
  return model.readOut(x);
}

/** Takes each fused projection apart into query, key and value, as the graph has them. */
export function splitQkv(tensors: Map<CanonicalName, Float32Array>): void {
  for (const [name, whole] of [...tensors]) {
    if (!name.includes(".qkv.")) continue;
    const third = whole.length / 3;
    for (const [i, part] of ["query", "key", "value"].entries())
      tensors.set(name.replace(".qkv.", `.${part}.`), whole.subarray(i * third, (i + 1) * third));
    tensors.delete(name);
  }
}

class Builder {
  readonly #graph = new OnnxGraph();
  readonly #architecture: VitArchitecture;
  readonly #tensors: Tensors;
  readonly #format: OnnxFormat;

  constructor(architecture: VitArchitecture, tensors: Tensors, format: OnnxFormat) {
    this.#architecture = architecture;
    this.#tensors = tensors;
    this.#format = format;
  }

  /** Pixels -> tokens [batch, tokens, width]. */
  embed(): Value {
    const graph = this.#graph;
    const { imageHeight, imageWidth, patchSize, width, prefixTokens } = this.#architecture;
    const grid = patchGrid(this.#architecture);
    const pixels = graph.input(INPUT, "float32", [BATCH, 3, imageHeight, imageWidth]);
    const weight = this.#constant("patch.weight", [width, 3, patchSize, patchSize]);
    const bias = this.#constant("patch.bias", [width]);
    const map = graph.node("Conv", "patch/Conv", [this.#toFormat(pixels), weight, bias], {
      kernel_shape: [patchSize, patchSize],
      strides: [patchSize, patchSize],
    });
    const shape = graph.integers(0, width, grid.width * grid.height);
    const rows = graph.node("Reshape", "patch/Reshape", [map, shape]);
    const patches = this.#transpose("patch/Transpose", rows, [0, 2, 1]);
    const prefix = ["class_token", "distillation_token"].slice(0, prefixTokens);
    const images = this.#batchOf(pixels);
    const tokens = prefix.map((name) => {
      const ends = [images, graph.integers(1), graph.integers(width)];
      const target = graph.node("Concat", `${name}/Shape`, ends, { axis: 0 });
      return graph.node("Expand", `${name}/Expand`, [this.#constant(name, [1, 1, width]), target]);
    });
    const all = graph.node("Concat", "tokens/Concat", [...tokens, patches], { axis: 1 });
    const count = prefixTokens + grid.width * grid.height;
    return graph.node("Add", "positions/Add", [all, this.#constant("positions", [1, count, width])]);
  }

  block(x: Value, index: number): Value {
    const at = `blocks.${index}`;
    const attended = this.#attention(this.#norm(x, `${at}.norm1`), at);
    const middle = this.#residual(x, attended, `${at}.proj`, `${at}.scale1`);
    const hidden = this.#linear(this.#norm(middle, `${at}.norm2`), `${at}.fc1`);
    return this.#residual(middle, this.#activate(hidden, `${at}.activation`), `${at}.fc2`, `${at}.scale2`);
  }

  readOut(x: Value): Message {
    const graph = this.#graph;
    const { classes, width, headsCount, family } = this.#architecture;
    const normed = this.#norm(x, "norm");
    const token = (i: number) =>
      graph.node("Gather", `token.${i}/Gather`, [normed, graph.index(i)], { axis: 1 });
    const name = classes ? "logits" : "embedding";
    let y = classes ? this.#linear(token(0), "head") : token(0);
    if (classes && headsCount === 2) {
      const both = graph.node("Add", "heads/Add", [y, this.#linear(token(1), "head_distillation")]);
      y = graph.node("Mul", "heads/Mean", [both, this.#scalar("half", 0.5)]);
    }
    // The last node has the output's name, so a cast is there in every format; runtimes drop it where it does nothing.
    graph.node("Cast", name, [y], { to: TYPES.float32 });
    graph.output(name, "float32", [BATCH, classes || width]);
    return graph.encode(family);
  }

  /** softmax(Q K^T / sqrt(d)) V, [batch, tokens, width]. */
  #attention(x: Value, at: string): Value {
    const graph = this.#graph;
    const { width, heads, headDim } = this.#architecture;
    const split = (part: string, order: number[]) => {
      const y = this.#linear(x, `${at}.${part}`);
      const shaped = graph.node("Reshape", `${at}.${part}/Reshape`, [
        y,
        graph.integers(0, 0, heads, headDim),
      ]);
      return this.#transpose(`${at}.${part}/Transpose`, shaped, order);
    };
    const q = split("query", [0, 2, 1, 3]);
    const kTurned = split("key", [0, 2, 3, 1]);
    const v = split("value", [0, 2, 1, 3]);
    const scores = graph.node("MatMul", `${at}.scores/MatMul`, [q, kTurned]);
    const root = this.#scalar("sqrt(head dim)", Math.sqrt(headDim));
    const scaled = graph.node("Div", `${at}.scores/Div`, [scores, root]);
    const shares = graph.node("Softmax", `${at}.scores/Softmax`, [scaled], { axis: 3 });
    const mixed = graph.node("MatMul", `${at}.mixed/MatMul`, [shares, v]);
    const rows = this.#transpose(`${at}.mixed/Transpose`, mixed, [0, 2, 1, 3]);
    return graph.node("Reshape", `${at}.mixed/Reshape`, [rows, graph.integers(0, 0, width)]);
  }

  #residual(x: Value, input: Value, layer: string, scale: string): Value {
    let y = this.#linear(input, layer);
    const { width, layerScale } = this.#architecture;
    if (layerScale) y = this.#graph.node("Mul", `${scale}/Mul`, [y, this.#constant(scale, [width])]);
    return this.#graph.node("Add", `${layer}/Residual`, [y, x]);
  }

  #norm(x: Value, name: string): Value {
    const { width, layerNormEps } = this.#architecture;
    const inputs = [x, this.#constant(`${name}.weight`, [width]), this.#constant(`${name}.bias`, [width])];
    return this.#graph.node("LayerNormalization", name, inputs, {
      axis: 2,
      epsilon: { float: layerNormEps },
    });
  }

  #linear(x: Value, name: string): Value {
    const weight = this.#tensors.get(`${name}.weight`)!;
    const { width, mlpWidth } = this.#architecture;
    const out = weight.length / (name.endsWith(".fc2") ? mlpWidth : width);
    return linear(this.#graph, this.#format, x, {
      name,
      weight,
      bias: this.#tensors.get(`${name}.bias`),
      out,
    });
  }

  #activate(x: Value, name: string): Value {
    const graph = this.#graph;
    const apply = (op: string, ...inputs: Value[]) => graph.node(op, `${name}/${op}`, inputs);
    const scalar = (value: number) => this.#scalar(String(value), value);
    switch (this.#architecture.activation) {
      case "gelu": {
        const erf = apply("Erf", apply("Div", x, scalar(Math.SQRT2)));
        const product = graph.node("Mul", `${name}/Product`, [x, apply("Add", erf, scalar(1))]);
        return apply("Mul", product, scalar(0.5));
      }
      case "gelu_tanh": {
        const cubed = graph.node("Mul", `${name}/Cubic`, [apply("Pow", x, scalar(3)), scalar(0.044715)]);
        const inner = graph.node("Add", `${name}/Sum`, [x, cubed]);
        const scaled = graph.node("Mul", `${name}/Scale`, [inner, scalar(Math.sqrt(2 / Math.PI))]);
        const factor = apply("Add", apply("Tanh", scaled), scalar(1));
        return apply("Mul", graph.node("Mul", `${name}/Product`, [x, factor]), scalar(0.5));
      }
      case "quick_gelu": {
        const slope = graph.node("Mul", `${name}/Slope`, [x, scalar(1.702)]);
        return apply("Mul", x, apply("Sigmoid", slope));
      }
    }
  }

  /** The batch size as a vector of one, for shapes. */
  #batchOf(pixels: Value): Value {
    const graph = this.#graph;
    const shape = graph.node("Shape", "images/Shape", [pixels]);
    const first = graph.node("Gather", "images/Gather", [shape, graph.index(0)], { axis: 0 });
    return graph.node("Unsqueeze", "images/Unsqueeze", [first, graph.integers(0)]);
  }

  #toFormat(pixels: Value): Value {
    if (this.#format !== "fp16") return pixels;
    return this.#graph.node("Cast", "pixels/Cast", [pixels], { to: TYPES.float16 });
  }

  #transpose(name: string, x: Value, perm: number[]): Value {
    return this.#graph.node("Transpose", name, [x], { perm });
  }

  #constant(name: CanonicalName, shape: readonly number[]): Value {
    return floats(this.#graph, this.#format, name, shape, this.#tensors.get(name)!);
  }

  #scalar(name: string, value: number): Value {
    return this.#graph.once(name, () => floats(this.#graph, this.#format, name, [], Float32Array.of(value)));
  }
}
