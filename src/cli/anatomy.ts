// What a model's tensors and multiplications add up to.

import { patchGrid, type VitArchitecture } from "../format/config.ts";
import type { CanonicalName } from "../format/names.ts";
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
  readonly macs: number;
}

const PARTS: readonly (readonly [string, RegExp])[] = [
  ["embedding", /^(?:patch\.|class_token$|distillation_token$|positions$)/],
  ["attention", /\.(?:qkv|query|key|value|proj)\./],
  ["mlp", /\.fc[12]\./],
  ["norms", /(?:^|\.)norm[12]?\.|\.scale[12]$/],
  ["head", /^head/],
];

export function anatomyOf({ architecture, tensors }: OpenModel): Anatomy {
  const parts = Object.fromEntries(PARTS.map(([name]) => [name, { parameters: 0, byteLength: 0 }]));
  for (const [name, { shape, begin, end }] of tensors) {
    const part = parts[partOf(name)];
    part.byteLength += end - begin;
    if (!name.endsWith(".weight_scale")) part.parameters += elementCount(shape);
  }
  const sum = (field: keyof Part) => Object.values(parts).reduce((total, part) => total + part[field], 0);
  return {
    tokens: tokensOf(architecture),
    parameters: sum("parameters"),
    byteLength: sum("byteLength"),
    parts,
    macs: macsOf(architecture),
  };
}

function partOf(name: CanonicalName): string {
  return PARTS.find(([, names]) => names.test(name))![0];
}

function tokensOf(architecture: VitArchitecture): number {
  const { width, height } = patchGrid(architecture);
  return architecture.prefixTokens + width * height;
}

/** Multiply-accumulates of one picture, norms and softmax left out. */
function macsOf(architecture: VitArchitecture): number {
  const { width, depth, mlpWidth, patchSize, prefixTokens, headsCount, classes } = architecture;
  const tokens = tokensOf(architecture);
  const patches = (tokens - prefixTokens) * 3 * patchSize ** 2 * width;
  const attention = tokens * 4 * width ** 2 + 2 * tokens ** 2 * width;
  const mlp = tokens * 2 * width * mlpWidth;
  return patches + depth * (attention + mlp) + headsCount * width * classes;
}
