// The tensors that a network computes with, by name, in the shapes of a checkpoint.

import { type Interpreter, interpret, type Learnt, type Linear, type Network, type Op } from "./op.ts";
import { mergeQkv } from "./rewrite/merge-qkv.ts";

type Shape = readonly number[];
type Named = readonly (readonly [name: string, shape: Shape])[];

/** Linear weights are [out, in]. Q, K and V are named as one (`qkv`); a file may hold them as three. */
export function parametersOf(network: Network): Map<string, Shape> {
  return new Map(mergeQkv(network).ops.flatMap(parametersOfOp));
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
  attention: () => [],
  activation: () => [],
  add: ({ scale, out }) => (scale ? [[scale, [out.width]]] : []),
  tokens: ({ tokens, out }) => tokens.map((one) => learnt(one, out.width)),
  table: ({ table, shape }) => [[table, shape]],
  learnt: ({ learnt: one, out }) => [learnt(one, out.width)],
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

function weightAndBias({ name, sources }: Linear): Named {
  const out = sources.reduce((sum, { shape }) => sum + shape[0], 0);
  const [{ shape, bias }] = sources;
  return [[`${name}.weight`, [out, ...shape.slice(1)]], ...(bias ? [[`${name}.bias`, [out]] as const] : [])];
}
