// A network in f64, operation by operation: the reference for every lowering.

import {
  type Gather,
  type Heads,
  headsOf,
  type Interpreter,
  interpret,
  type Network,
  type Op,
  type Value,
} from "../network/op.ts";
import { ACTIVATIONS } from "../tensor/activation.ts";

type Rows = readonly Float64Array[];
/** Parameters by name, as a checkpoint has them. */
export type Parameters = ReadonlyMap<string, Float32Array>;

/** @param pixels rows of the patches, [patches, 3 * patch * patch] @returns rows of each output */
export function referenceOutputs(
  network: Network,
  parameters: Parameters,
  pixels: Rows,
): Record<string, Rows> {
  const made = new Map<Value, Rows>();
  for (const op of network.ops)
    made.set(op.out, interpret(OPERATIONS, op, { pixels, parameters, of: (value) => made.get(value)! }));
  return Object.fromEntries(Object.entries(network.outputs).map(([name, value]) => [name, made.get(value)!]));
}

interface Run {
  readonly pixels: Rows;
  readonly parameters: Parameters;
  readonly of: (value: Value) => Rows;
}

const range = (length: number) => Array.from({ length }, (_, i) => i);
const rowsOf = (values: Float32Array, width: number): Rows =>
  range(values.length / width).map((row) =>
    Float64Array.from(values.subarray(row * width, (row + 1) * width)),
  );
const zipped = (x: Rows, y: Rows, by: (a: number, b: number, c: number) => number): Rows =>
  x.map((row, r) => row.map((value, c) => by(value, y[r][c], c)));

const OPERATIONS: Interpreter<Op, [Run], Rows> = {
  patches: (_, { pixels }) => pixels,
  linear: ({ name, reads: [x], out }, { parameters, of }) => {
    const weight = parameters.get(`${name}.weight`)!;
    const bias = parameters.get(`${name}.bias`);
    return of(x).map((row) =>
      Float64Array.from({ length: out.width }, (_, n) =>
        row.reduce((sum, value, k) => sum + value * weight[n * row.length + k], bias?.[n] ?? 0),
      ),
    );
  },
  norm: ({ name, reads: [x], eps }, { parameters, of }) => {
    const [gamma, beta] = ["weight", "bias"].map((leaf) => parameters.get(`${name}.${leaf}`)!);
    return of(x).map((row) => {
      const mean = row.reduce((a, b) => a + b) / row.length;
      const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / row.length;
      return row.map((value, c) => ((value - mean) / Math.sqrt(variance + eps)) * gamma[c] + beta[c]);
    });
  },
  attention: (op, { of }) => {
    const { heads, headDim } = headsOf(op);
    const [q, k, v] = op.reads.map(of);
    return q.map((query) => {
      const out = new Float64Array(heads * headDim);
      for (const head of range(heads)) {
        const channels = range(headDim).map((d) => head * headDim + d);
        const scores = k.map((key) => channels.reduce((sum, c) => sum + query[c] * key[c], 0));
        const weights = scores.map((score) => Math.exp((score - Math.max(...scores)) / Math.sqrt(headDim)));
        const mass = weights.reduce((a, b) => a + b);
        for (const c of channels) out[c] = v.reduce((sum, row, t) => sum + (weights[t] / mass) * row[c], 0);
      }
      return out;
    });
  },
  activation: ({ reads: [x], activation }, { of }) => of(x).map((row) => row.map(ACTIVATIONS[activation].of)),
  add: ({ reads: [x, y], scale }, { parameters, of }) => {
    const factors = scale ? parameters.get(scale)! : undefined;
    return zipped(of(x), of(y), (a, b, c) => a + b * (factors?.[c] ?? 1));
  },
  tokens: ({ reads: [x], tokens, at, out }, { parameters, of }) => {
    const learnt = tokens.flatMap(({ name }) => rowsOf(parameters.get(name)!, out.width));
    return of(x).toSpliced(at, 0, ...learnt);
  },
  table: ({ reads: [x], table, first, count, out }, { parameters, of }) => {
    const added = rowsOf(parameters.get(table)!, out.width);
    return of(x).map((row, r) =>
      r < first || r >= first + count ? row : row.map((value, c) => value + added[r - first][c]),
    );
  },
  learnt: ({ learnt: { name }, out }, { parameters }) => rowsOf(parameters.get(name)!, out.width),
  heads: (op, { parameters, of }) =>
    of(op.reads[0]).map((row, r) => {
      const headDim = op.out.width / op.out.parts;
      return row.map((_, c) => headValue(op, parameters, row, r, c - (c % headDim), c % headDim));
    }),
  lookup: () => [],
  gather: (op, { of }) => range(op.out.rows).map((row) => gathered(op, of(op.reads[0]), row)),
  pool: ({ reads: [x], first, count }, { of }) => {
    const rows = of(x).slice(first, first + count);
    return [rows[0].map((_, c) => rows.reduce((sum, row) => sum + row[c], 0) / count)];
  },
  concat: ({ reads: [x, y] }, { of }) => of(x).map((row, r) => Float64Array.from([...row, ...of(y)[r]])),
  gate: ({ reads: [x, y], activation }, { of }) =>
    zipped(of(x), of(y), (a, b) => ACTIVATIONS[activation].of(a) * b),
  mean: ({ reads }, { of }) =>
    reads
      .map(of)
      .reduce((a, b) => zipped(a, b, (x, y) => x + y))
      .map((row) => row.map((value) => value / reads.length)),
};

function headValue(
  { sets: [{ norm, rotation }], out }: Heads,
  parameters: Parameters,
  row: Float64Array,
  at: number,
  first: number,
  d: number,
): number {
  const headDim = out.width / out.parts;
  const head = row.subarray(first, first + headDim);
  const mean = norm?.kind === "layer" ? head.reduce((a, b) => a + b) / headDim : 0;
  const spread = head.reduce((sum, value) => sum + (value - mean) ** 2, 0) / headDim;
  const leaf = (name: string, i: number) => parameters.get(`${norm!.name}.${name}`)?.[i] ?? 0;
  const normed = (i: number) =>
    norm ? ((head[i] - mean) / Math.sqrt(spread + norm.eps)) * leaf("weight", i) + leaf("bias", i) : head[i];
  if (!rotation) return normed(d);
  const { cosine, sine } = rotation.tables();
  const isFirst = rotation.pairs === "neighbors" ? d % 2 === 0 : d < headDim / 2;
  const other = rotation.pairs === "neighbors" ? d ^ 1 : (d + headDim / 2) % headDim;
  const i = at * headDim + d;
  return normed(d) * cosine[i] + (isFirst ? -1 : 1) * normed(other) * sine[i];
}

function gathered({ index, pieces }: Gather, x: Rows, row: number): Float64Array {
  return Float64Array.from(
    index.slice(row * pieces, (row + 1) * pieces).flatMap((source) => [...(x[source] ?? x[0].map(() => 0))]),
  );
}
