// A network as an ONNX graph, node for node as exporters write transformers' ViT and DeiT.

import { UnsupportedModelError } from "../errors/errors.ts";
import type { CanonicalName } from "../network/names.ts";
import {
  type HeadSet,
  type Interpreter,
  interpret,
  type Learnt,
  type Network,
  type Op,
  type Rotation,
  type Value,
} from "../network/op.ts";
import { ACTIVATIONS, type Nodes } from "../tensor/activation.ts";
import { attention } from "./attention.ts";
import { type Value as Node, OnnxGraph, TYPES } from "./graph.ts";
import { floats, linear, type OnnxFormat } from "./linear.ts";
import type { Message } from "./protobuf.ts";
import { type Tensors, Writer } from "./writer.ts";

/** The name of the input, [batch, 3, height, width] f32, normalized. */
export const INPUT = "pixel_values";
const BATCH = "batch_size";

/**
 * The file of a model called `name`: `pixel_values` -> `logits` [batch, classes], of a detector [batch, objects, classes] with `pred_boxes`
 * [batch, objects, 4], or without a head `embedding` [batch, width], all f32. The patch embedding stays a float convolution in every format, as hubs have it.
 */
export function onnxModel(
  name: string,
  network: Network,
  tensors: Tensors,
  format: OnnxFormat,
  metadata?: Readonly<Record<string, string>>,
): Message {
  const graph = new OnnxGraph();
  const writer = new Writer(graph, tensors, format);
  for (const op of network.ops) writer.nodes.set(op.out, interpret(NODES, op, writer));
  for (const [output, value, activation] of outputsOf(network)) {
    const node = writer.of(value);
    const given = activation ? graph.node(activation, `${output}/${activation}`, [node]) : node;
    // The last node has the output's name, so every format has a cast; runtimes drop it if it does nothing.
    graph.node("Cast", output, [given], { to: TYPES.float32 });
    graph.output(output, "float32", [BATCH, ...(value.rows > 1 ? [value.rows] : []), value.width]);
  }
  return graph.encode(name, metadata);
}

/** The outputs of a head, with transformers' names; without a head, the embedding. */
function outputsOf({
  outputs: { embedding, logits, boxes },
}: Network): [string, Value, activation?: string][] {
  if (!logits) return [["embedding", embedding]];
  return boxes
    ? [
        ["logits", logits],
        ["pred_boxes", boxes, "Sigmoid"],
      ]
    : [["logits", logits]];
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

const NODES: Interpreter<Op, [Writer], Node> = {
  patches: ({ out, grid }, { graph, format }) => {
    const side = Math.sqrt(out.width / 3);
    const pixels = graph.input(INPUT, "float32", [BATCH, 3, side * grid.height, side * grid.width]);
    return format === "fp16" ? graph.node("Cast", "pixels/Cast", [pixels], { to: TYPES.float16 }) : pixels;
  },
  linear: ({ name, reads: [x], out, sources }, writer) => {
    const [{ shape }] = sources;
    if (shape.length > 2) return convolution(name, writer.of(x), out, shape, writer);
    const { graph, format, tensors } = writer;
    const weight = tensors.get(`${name}.weight`)!;
    const bias = tensors.get(`${name}.bias`);
    return linear(graph, format, writer.of(x), { name, weight, bias, out: out.width });
  },
  norm: ({ name, reads: [x], out, eps }, writer) => {
    const affine = ["weight", "bias"].map((leaf) => writer.constant(`${name}.${leaf}`, [out.width]));
    const attributes = { axis: -1, epsilon: { float: eps } };
    return writer.graph.node("LayerNormalization", name, [writer.of(x), ...affine], attributes);
  },
  attention,
  activation: ({ name, reads: [x], activation }, writer) =>
    ACTIVATIONS[activation].onnx(writer.of(x), nodesOf(name, writer)),
  add: ({ name, reads: [x, y], out, scale }, writer) => {
    const { graph } = writer;
    const scaled = scale
      ? graph.node("Mul", `${scale}/Mul`, [writer.of(y), writer.constant(scale, [out.width])])
      : writer.of(y);
    return graph.node("Add", `${name}/Add`, [scaled, writer.of(x)]);
  },
  tokens: ({ tokens, at, reads: [x], out }, writer) => {
    const { graph } = writer;
    const learnt = tokens.map((token) => learntRows(token, out.width, writer));
    const part = (name: string, first: number, end: number) =>
      end > first ? [slice(`tokens/${name}`, writer.of(x), first, end, writer)] : [];
    const [before, after] =
      at === 0 ? [[], [writer.of(x)]] : [part("Before", 0, at), part("After", at, x.rows)];
    return graph.node("Concat", `${tokens[0].name}/Concat`, [...before, ...learnt, ...after], { axis: 1 });
  },
  table: ({ table, reads: [x], out, first, count }, writer) => {
    const rows = new Float32Array(out.rows * out.width);
    rows.set(writer.tensors.get(table)!, first * out.width);
    const shape = [1, out.rows, out.width];
    const added =
      count === out.rows
        ? writer.constant(table, shape)
        : floats(writer.graph, writer.format, table, shape, rows);
    return writer.graph.node("Add", `${table}/Add`, [writer.of(x), added]);
  },
  learnt: ({ learnt, out }, writer) => learntRows(learnt, out.width, writer),
  heads: (op, writer) => {
    const { graph } = writer;
    const { name, reads, out, sets } = op;
    const headDim = out.width / out.parts;
    const shape = graph.integers(0, 0, out.parts, headDim);
    const shaped = graph.node("Reshape", `${name}/Heads`, [writer.of(reads[0]), shape]);
    const [{ norm, rotation }] = sets;
    const normed = norm ? headNorm(norm, shaped, headDim, writer) : shaped;
    const turned = rotation ? rotated(name, rotation, normed, out, writer) : normed;
    return graph.node("Reshape", `${name}/Joined`, [turned, graph.integers(0, 0, out.width)]);
  },
  lookup: ({ name }) => {
    throw new UnsupportedModelError(
      `${name}: expected an image model, got a text model. Export the image tower.`,
    );
  },
  gather: ({ name, reads: [x], out, index, pieces }, writer) => {
    const { graph } = writer;
    // A single row has no axis of rows.
    const rows = index.length === 1 ? graph.index(index[0]) : graph.integers(...index);
    // Row -1 is the last one: a row of zeros, if it is used.
    const source = index.includes(-1) ? withEmptyRow(name, writer.of(x), writer) : writer.of(x);
    const gathered = graph.node("Gather", `${name}/Gather`, [source, rows], { axis: 1 });
    if (pieces === 1) return gathered;
    return graph.node("Reshape", `${name}/Reshape`, [gathered, graph.integers(0, out.rows, out.width)]);
  },
  pool: ({ name, reads: [x], first, count }, writer) => {
    const rows = count === x.rows ? writer.of(x) : slice(name, writer.of(x), first, first + count, writer);
    return writer.graph.node("ReduceMean", `${name}/ReduceMean`, [rows], { axes: [1], keepdims: 0 });
  },
  concat: ({ name, reads: [x, y] }, writer) =>
    writer.graph.node("Concat", `${name}/Concat`, [writer.of(x), writer.of(y)], { axis: -1 }),
  gate: ({ name, reads: [x, y], activation }, writer) => {
    const gate = ACTIVATIONS[activation].onnx(writer.of(x), nodesOf(`${name}/gate`, writer));
    return writer.graph.node("Mul", `${name}/Mul`, [gate, writer.of(y)]);
  },
  mean: ({ name, reads }, writer) => {
    const { graph } = writer;
    const sum = reads
      .map((value) => writer.of(value))
      .reduce((a, b) => graph.node("Add", `${name}/Sum`, [a, b]));
    return graph.node("Mul", `${name}/Mean`, [sum, writer.scalar(`1/${reads.length}`, 1 / reads.length)]);
  },
};

/** Over the channels of each head, [batch, rows, heads, head dim]. */
function headNorm(norm: NonNullable<HeadSet["norm"]>, x: Node, headDim: number, writer: Writer): Node {
  const { name, kind, eps } = norm;
  const weight = writer.constant(`${name}.weight`, [headDim]);
  if (kind === "layer") {
    const bias = writer.constant(`${name}.bias`, [headDim]);
    const attributes = { axis: -1, epsilon: { float: eps } };
    return writer.graph.node("LayerNormalization", `${name}/Norm`, [x, weight, bias], attributes);
  }
  const { apply, node, scalar } = nodesOf(name, writer);
  const squares = node("Mul", "Squares", x, x);
  const mean = writer.graph.node("ReduceMean", `${name}/ReduceMean`, [squares], { axes: [-1], keepdims: 1 });
  const root = apply("Sqrt", node("Add", "Spread", mean, scalar(eps)));
  return node("Mul", "Norm", apply("Div", x, root), weight);
}

/** x cos + (x P) sin, where P puts the other channel of each pair in its place, negative for the second one. */
function rotated(name: string, rotation: Rotation, x: Node, out: Value, writer: Writer): Node {
  const headDim = out.width / out.parts;
  const { cosine, sine } = rotation.tables();
  const { node } = nodesOf(name, writer);
  const table = (as: string, values: Float32Array) =>
    floats(writer.graph, writer.format, `${name}.${as}`, [1, out.rows, 1, headDim], values);
  const swap = new Float32Array(headDim ** 2);
  for (let d = 0; d < headDim; d++) {
    const isFirst = rotation.pairs === "neighbors" ? d % 2 === 0 : d < headDim / 2;
    const other = rotation.pairs === "neighbors" ? d ^ 1 : (d + headDim / 2) % headDim;
    swap[other * headDim + d] = isFirst ? -1 : 1;
  }
  const partner = floats(writer.graph, writer.format, `${name}.swap`, [headDim, headDim], swap);
  const turned = node("Mul", "Sine", node("MatMul", "Partner", x, partner), table("sine", sine));
  return node("Add", "Rotated", node("Mul", "Cosine", x, table("cosine", cosine)), turned);
}

/** A parameter's rows once for each image, [batch, rows, width]. */
function learntRows({ name, rows }: Learnt, width: number, writer: Writer): Node {
  const { graph } = writer;
  const shape = graph.once("images/Shape", (name) => graph.node("Shape", name, [INPUT]));
  const first = graph.once("images/Gather", (name) =>
    graph.node("Gather", name, [shape, graph.index(0)], { axis: 0 }),
  );
  const images = graph.once("images/Unsqueeze", (name) =>
    graph.node("Unsqueeze", name, [first, graph.integers(0)]),
  );
  const ends = [images, graph.integers(rows), graph.integers(width)];
  const target = graph.node("Concat", `${name}/Shape`, ends, { axis: 0 });
  return graph.node("Expand", `${name}/Expand`, [writer.constant(name, [1, rows, width]), target]);
}

/** With a row of zeros behind the others. */
const withEmptyRow = (name: string, x: Node, { graph }: Writer) =>
  graph.node("Pad", `${name}/Pad`, [x, graph.integers(0, 0, 0, 0, 1, 0)]);

/** Rows [first, end) of x. */
function slice(name: string, x: Node, first: number, end: number, { graph }: Writer): Node {
  const ends = [graph.integers(first), graph.integers(end), graph.integers(1)];
  return graph.node("Slice", `${name}/Slice`, [x, ...ends]);
}

/** Squares of pixels -> rows [batch, patches, width]. */
function convolution(name: string, pixels: Node, out: Value, shape: readonly number[], writer: Writer): Node {
  const { graph } = writer;
  const weight = writer.constant(`${name}.weight`, shape);
  const bias = writer.tensors.has(`${name}.bias`) ? [writer.constant(`${name}.bias`, [out.width])] : [];
  const squares = { kernel_shape: shape.slice(2), strides: shape.slice(2) };
  const map = graph.node("Conv", `${name}/Conv`, [pixels, weight, ...bias], squares);
  const rows = graph.node("Reshape", `${name}/Reshape`, [map, graph.integers(0, out.width, out.rows)]);
  return writer.transpose(`${name}/Transpose`, rows, [0, 2, 1]);
}

/** Nodes called after an operation. */
function nodesOf(name: string, writer: Writer): Nodes<Node> {
  const node = (op: string, as: string, ...inputs: Node[]) => writer.graph.node(op, `${name}/${as}`, inputs);
  return {
    node,
    apply: (op: string, ...inputs: Node[]) => node(op, op, ...inputs),
    scalar: (value: number) => writer.scalar(String(value), value),
  };
}
