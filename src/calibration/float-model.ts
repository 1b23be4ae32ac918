// A float checkpoint in memory: every tensor by canonical name, Q, K and V as one.

import { describeModel, type ModelDescription } from "../classifier/model.ts";
import { UnsupportedModelError } from "../errors/errors.ts";
import type { ModelFolder } from "../format/folder.ts";
import { type CanonicalName, canonicalName, checkTensors } from "../format/names.ts";
import { toFloat32 } from "../format/safetensors.ts";
import { streamWeights } from "../format/weights.ts";
import type { Linear, Norm } from "./layers.ts";

export interface FloatTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export interface FloatModel {
  readonly folder: ModelFolder;
  readonly description: ModelDescription;
  readonly tensors: ReadonlyMap<CanonicalName, FloatTensor>;
}

/** @throws UnsupportedModelError for a model that is quantised already. */
export async function readFloatModel(folder: ModelFolder, signal?: AbortSignal): Promise<FloatModel> {
  const description = await describeModel(folder, signal);
  const { architecture } = description;
  if (architecture.quantization)
    throw new UnsupportedModelError(`${folder.id}: expected a float model, but it is quantised already`);
  let wanted: ReadonlySet<unknown> = new Set();
  const tensors = new Map<CanonicalName, FloatTensor>();
  const stream = streamWeights(folder, {
    signal,
    onHeader: (entries) => {
      wanted = new Set(checkTensors(architecture, entries).values());
    },
    wanted: (entry) => wanted.has(entry),
  });
  for await (const { entry, bytes } of stream)
    tensors.set(canonicalName(entry.name)!, { shape: entry.shape, values: toFloat32(entry, bytes).slice() });
  for (let block = 0; block < architecture.depth; block++)
    for (const leaf of ["weight", "bias"]) joinQkv(tensors, `blocks.${block}`, leaf);
  return { folder, description, tensors };
}

/** The same with tensors of its own, to be changed. */
export function copyOf(model: FloatModel): FloatModel {
  const tensors = new Map(
    [...model.tensors].map(([name, { shape, values }]) => [name, { shape, values: values.slice() }]),
  );
  return { ...model, tensors };
}

export function linearOf({ tensors }: FloatModel, layer: string): Linear {
  const { shape, values } = tensors.get(`${layer}.weight`)!;
  const inputs = shape.slice(1).reduce((a, b) => a * b, 1);
  return { weight: values, bias: tensors.get(`${layer}.bias`)?.values, out: shape[0], inputs };
}

export function normOf({ tensors }: FloatModel, name: string): Norm {
  return { weight: tensors.get(`${name}.weight`)!.values, bias: tensors.get(`${name}.bias`)!.values };
}

function joinQkv(tensors: Map<CanonicalName, FloatTensor>, block: string, leaf: string): void {
  const names = ["query", "key", "value"].map((part) => `${block}.${part}.${leaf}`);
  if (!tensors.has(names[0])) return;
  const parts = names.map((name) => tensors.get(name)!);
  const values = new Float32Array(3 * parts[0].values.length);
  for (const [i, part] of parts.entries()) values.set(part.values, i * part.values.length);
  for (const name of names) tensors.delete(name);
  const [out, ...inputs] = parts[0].shape;
  tensors.set(`${block}.qkv.${leaf}`, { shape: [3 * out, ...inputs], values });
}
