// Writes the nodes of an ONNX graph.

import type { CanonicalName } from "../network/names.ts";
import type { Value } from "../network/op.ts";
import type { Value as Node, OnnxGraph } from "./graph.ts";
import { floats, type OnnxFormat } from "./linear.ts";

/** Checkpoint tensors by canonical name, in f32, with Q, K and V apart. */
export type Tensors = ReadonlyMap<CanonicalName, Float32Array>;

/** Writes nodes. */
export class Writer {
  readonly graph: OnnxGraph;
  readonly tensors: Tensors;
  readonly format: OnnxFormat;
  /** The node that a value is; a single row has no axis of rows. */
  readonly nodes = new Map<Value, Node>();

  constructor(graph: OnnxGraph, tensors: Tensors, format: OnnxFormat) {
    this.graph = graph;
    this.tensors = tensors;
    this.format = format;
  }

  of(value: Value): Node {
    return this.nodes.get(value)!;
  }

  constant(name: CanonicalName, shape: readonly number[]): Node {
    return floats(this.graph, this.format, name, shape, this.tensors.get(name)!);
  }

  /** A parameter that several operations may read. */
  shared(name: CanonicalName, shape: readonly number[]): Node {
    return this.graph.once(name, () => this.constant(name, shape));
  }

  scalar(name: string, value: number): Node {
    return this.graph.once(name, () => floats(this.graph, this.format, name, [], Float32Array.of(value)));
  }

  transpose(name: string, x: Node, perm: number[]): Node {
    return this.graph.node("Transpose", name, [x], { perm });
  }
}
