// The tensors that a network computes with, by name, in the shapes of a checkpoint.

import {
  type HeadSet,
  type Interpreter,
  interpret,
  keysOf,
  type Learnt,
  type Linear,
  type Network,
  type Op,
} from "./op.ts";
import { mergeQkv } from "./rewrite/merge-qkv.ts";

type Shape = readonly number[];
type Named = readonly (readonly [name: string, shape: Shape])[];

/** Linear weights are [out, in]. Q, K and V have one name (`qkv`); a file may contain three tensors. */
export function parametersOf(network: Network): Map<string, Shape> {
  const parameters = new Map(mergeQkv(network).ops.flatMap(parametersOfOp));
  for (const { name, from } of network.derived ?? []) {
    parameters.delete(name);
    for (const [source, shape] of Object.entries(from)) parameters.set(source, shape);
  }
  return parameters;
}

export function parametersOfOp(op: Op): Named {
  return interpret(PARAMETERS, op);
}

const PARAMETERS: Interpreter<Op, [], Named> = {
  patches: () => [],
  linear: (op) => weightAndBias(op),
  norm: ({ name, out }) => [
    [`${name}.weight`, [out.width]],
    [`${name}.bias`, [out.width]],
  ],
  attention: (op) => {
    const { bias, scale, reads, out } = op;
    const queries = op.windows ? keysOf(op) : reads[0].rows;
    return [
      ...(bias ? [[bias, [out.parts, queries, keysOf(op)]] as const] : []),
      ...(typeof scale === "string" ? [[scale, [out.parts]] as const] : []),
    ];
  },
  activation: () => [],
  add: ({ scale, out }) => (scale ? [[scale, [out.width]]] : []),
  tokens: ({ tokens, out }) => tokens.map((one) => learnt(one, out.width)),
  table: ({ table, shape }) => [[table, shape]],
  learnt: ({ learnt: one, out }) => [learnt(one, out.width)],
  heads: ({ sets, out }) => sets.flatMap(({ norm }) => (norm ? headNorm(norm, out.width / out.parts) : [])),
  lookup: ({ name, words, places, out }) => [
    [`${name}.weight`, [words, out.width]],
    ["positions", [places, out.width]],
  ],
  gather: () => [],
  pool: () => [],
  concat: () => [],
  gate: () => [],
  mean: () => [],
};

const learnt = ({ name, rows, shape = [1, rows, 0] }: Learnt, width: number): Named[number] => [
  name,
  [...shape.slice(0, -1), width],
];

function headNorm({ name, kind }: NonNullable<HeadSet["norm"]>, headDim: number): Named {
  const leaves = kind === "layer" ? ["weight", "bias"] : ["weight"];
  return leaves.map((leaf) => [`${name}.${leaf}`, [headDim]]);
}

/** A bias that only some parts have, such as Q and V, is named part by part. */
function weightAndBias({ name, sources }: Linear): Named {
  const out = sources.reduce((sum, { shape }) => sum + shape[0], 0);
  const weight = [`${name}.weight`, [out, ...sources[0].shape.slice(1)]] as const;
  const biased = sources.filter(({ bias }) => bias);
  if (biased.length === sources.length) return [weight, [`${name}.bias`, [out]]];
  return [weight, ...biased.map(({ stem, shape }) => [`${stem}.bias`, [shape[0]]] as const)];
}
