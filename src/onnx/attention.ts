// Attention as ONNX nodes, with the options of the families: a bias, windows, cosines, a scale for each head.

import { type Attention, headsOf, keysOf, type Windows } from "../network/op.ts";
import type { Value as Node } from "./graph.ts";
import { floats } from "./linear.ts";
import type { Writer } from "./writer.ts";

/** The score of a hidden key: its weight is 0 after softmax, and it is a finite f16. */
const HIDDEN = -1e4;

/** softmax(scale Q K^T + bias) V, [batch, queries, width]; one query has no axis of rows. */
export function attention(op: Attention, writer: Writer): Node {
  const { graph } = writer;
  const { heads, headDim } = headsOf(op);
  const { windows } = op;
  const [q, kTurned, v] = inputsOf(op, writer).map(({ name, node }, i) => {
    const rows = windows ? permuted(`${name}/Windows`, node, windowRows(windows), writer) : node;
    const shape = windows ? [-1, keysOf(op), heads, headDim] : [0, 0, heads, headDim];
    const shaped = graph.node("Reshape", `${name}/Reshape`, [rows, graph.integers(...shape)]);
    const unit = op.cosine && i < 2 ? normalized(name, shaped, writer) : shaped;
    return writer.transpose(`${name}/Transpose`, unit, i === 1 ? [0, 2, 3, 1] : [0, 2, 1, 3]);
  });
  const scores = graph.node("MatMul", `${op.name}.scores/MatMul`, [q, kTurned]);
  const hidden = masked(op, biased(op, scaled(op, scores, writer), writer), writer);
  const shares = graph.node("Softmax", `${op.name}.scores/Softmax`, [hidden], { axis: 3 });
  const mixed = graph.node("MatMul", `${op.name}.mixed/MatMul`, [shares, v]);
  const rows = writer.transpose(`${op.name}.mixed/Transpose`, mixed, [0, 2, 1, 3]);
  const { rows: count, width } = op.out;
  const shape = windows ? [-1, count, width] : count === 1 ? [0, width] : [0, 0, width];
  const joined = graph.node("Reshape", `${op.name}.mixed/Reshape`, [rows, graph.integers(...shape)]);
  if (!windows) return joined;
  return permuted(`${op.name}.mixed/Windows`, joined, inverse(windowRows(windows)), writer);
}

/** Q, K and V, also if they are one value. */
function inputsOf({ name, reads }: Attention, writer: Writer): { name: string; node: Node }[] {
  if (reads.length > 1) return reads.map((value) => ({ name: value.name, node: writer.of(value) }));
  const names = ["query", "key", "value"].map((part) => `${name}.${part}`);
  const nodes = writer.graph.nodes("Split", `${name}/Split`, names, [writer.of(reads[0])], { axis: -1 });
  return nodes.map((node, i) => ({ name: names[i], node }));
}

/** Each head of each row divided by its length. */
function normalized(name: string, x: Node, writer: Writer): Node {
  const { graph } = writer;
  const length = graph.node("ReduceL2", `${name}/Length`, [x], { axes: [-1], keepdims: 1 });
  const positive = graph.node("Max", `${name}/Positive`, [length, writer.scalar("least length", 1e-12)]);
  return graph.node("Div", `${name}/Unit`, [x, positive]);
}

function scaled(op: Attention, scores: Node, writer: Writer): Node {
  const { name, scale } = op;
  const { heads, headDim } = headsOf(op);
  if (scale === undefined)
    return writer.graph.node("Div", `${name}.scores/Div`, [
      scores,
      writer.scalar("sqrt(head dim)", Math.sqrt(headDim)),
    ]);
  const factor =
    typeof scale === "string"
      ? writer.constant(scale, [1, heads, 1, 1])
      : writer.scalar(String(scale), scale);
  return writer.graph.node("Mul", `${name}.scores/Mul`, [scores, factor]);
}

function biased(op: Attention, scores: Node, writer: Writer): Node {
  if (!op.bias) return scores;
  const { heads } = headsOf(op);
  const keys = keysOf(op);
  const queries = op.windows ? keys : op.out.rows;
  const bias = writer.shared(op.bias, [1, heads, queries, keys]);
  return writer.graph.node("Add", `${op.name}.scores/Bias`, [scores, bias]);
}

/** Keys that a query does not see. */
function masked(op: Attention, scores: Node, writer: Writer): Node {
  const { graph, format } = writer;
  const mask = (name: string, shape: readonly number[], hides: (i: number) => boolean) =>
    graph.once(name, () => {
      const count = shape.reduce((product, length) => product * length, 1);
      return floats(
        graph,
        format,
        name,
        shape,
        Float32Array.from({ length: count }, (_, i) => (hides(i) ? HIDDEN : 0)),
      );
    });
  const keys = keysOf(op);
  if (op.causal) {
    const shape = [1, 1, op.out.rows, keys];
    const causal = mask(`causal ${shape}`, shape, (i) => i % keys > Math.floor(i / keys));
    return graph.node("Add", `${op.name}.scores/Causal`, [scores, causal]);
  }
  const { windows } = op;
  if (!windows || (windows.shift.width === 0 && windows.shift.height === 0)) return scores;
  const { heads } = headsOf(op);
  const sides = sidesOf(windows);
  const count = sides.length / keys;
  const across = ({ width, height }: { width: number; height: number }) => `${width}x${height}`;
  const name = `mask ${across(windows.grid)} ${across(windows.size)} ${across(windows.shift)}`;
  const hidden = mask(name, [1, count, 1, keys, keys], (i) => {
    const window = Math.floor(i / keys ** 2) * keys;
    return sides[window + (Math.floor(i / keys) % keys)] !== sides[window + (i % keys)];
  });
  const apart = graph.integers(-1, count, heads, keys, keys);
  const byWindow = graph.node("Reshape", `${op.name}.scores/Windows`, [scores, apart]);
  const added = graph.node("Add", `${op.name}.scores/Mask`, [byWindow, hidden]);
  return graph.node("Reshape", `${op.name}.scores/Joined`, [added, graph.integers(-1, heads, keys, keys)]);
}

/** Each token of each window, window by window: `visit` gets its position in the shifted grid. */
function tokensOf<T>({ grid, size }: Windows, visit: (x: number, y: number) => T): T[] {
  const found: T[] = [];
  for (let top = 0; top < grid.height; top += size.height)
    for (let left = 0; left < grid.width; left += size.width)
      for (let y = top; y < top + size.height; y++)
        for (let x = left; x < left + size.width; x++) found.push(visit(x, y));
  return found;
}

/** The row of each token of each window. */
function windowRows(windows: Windows): number[] {
  const { grid, shift } = windows;
  return tokensOf(
    windows,
    (x, y) => ((y + shift.height) % grid.height) * grid.width + ((x + shift.width) % grid.width),
  );
}

/** The side of the grid's borders on which each token is: tokens of one window attend to those with the same number. */
function sidesOf(windows: Windows): number[] {
  const { grid, shift } = windows;
  return tokensOf(
    windows,
    (x, y) => 2 * Number(y + shift.height >= grid.height) + Number(x + shift.width >= grid.width),
  );
}

function inverse(rows: readonly number[]): number[] {
  const back: number[] = new Array(rows.length);
  for (const [i, row] of rows.entries()) back[row] = i;
  return back;
}

/** Rows in another order; unchanged if the order is the same. */
function permuted(name: string, x: Node, rows: readonly number[], { graph }: Writer): Node {
  if (rows.every((row, i) => row === i)) return x;
  return graph.node("Gather", name, [x, graph.integers(...rows)], { axis: 1 });
}
