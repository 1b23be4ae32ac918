// Sums of a model's tensors and multiplications.

import { costOf, sumOf } from "../lower/cost.ts";
import type { CanonicalName } from "../network/names.ts";
import { ownEntries } from "../network/parts.ts";
import { elementCount } from "../tensor/dtype.ts";
import type { OpenModel } from "./model.ts";

/** Sums over the tensors of one part of the network; scales of int8 weights are bytes, but no parameters. */
interface Part {
  parameters: number;
  byteLength: number;
}

export interface Anatomy {
  readonly tokens: number;
  readonly parameters: number;
  readonly byteLength: number;
  readonly parts: Readonly<Record<string, Part>>;
  /** Multiply-accumulates of one image. */
  readonly macs: number;
}

const PARTS: readonly (readonly [string, RegExp])[] = [
  ["norms", /norm|\.scale[12]$/],
  ["head", /^(?:head|pool)/],
  ["mlp", /\.(?:fc[12]|gate|up)\./],
  ["attention", /^blocks\./],
  ["embedding", /(?:)/],
];

export function anatomyOf({ network, tensors }: OpenModel): Anatomy {
  const parts = Object.fromEntries(PARTS.map(([name]) => [name, { parameters: 0, byteLength: 0 }]));
  for (const [name, { shape, begin, end }] of ownEntries(tensors)) {
    const part = parts[partOf(name)];
    part.byteLength += end - begin;
    if (!name.endsWith(".weight_scale")) part.parameters += elementCount(shape);
  }
  const sum = (field: keyof Part) => Object.values(parts).reduce((total, part) => total + part[field], 0);
  const { tokens, operations } = costOf(network);
  return {
    tokens,
    parameters: sum("parameters"),
    byteLength: sum("byteLength"),
    parts,
    macs: sumOf(operations).macs,
  };
}

function partOf(name: CanonicalName): string {
  return PARTS.find(([, names]) => names.test(name))![0];
}
