// A float checkpoint in memory: every tensor by canonical name, Q, K and V as one.

import { describeModel, type ModelDescription } from "../classifier/model.ts";
import { UnsupportedModelError } from "../errors/errors.ts";
import type { ModelFolder } from "../format/folder.ts";
import { toFloat32 } from "../format/safetensors.ts";
import { openWeights } from "../format/weights.ts";
import type { StoredTensor } from "../lower/pack/stored-tensor.ts";
import { checkTensors } from "../network/checked-tensors.ts";
import { withDerived } from "../network/derived.ts";
import { fused } from "../network/fused.ts";
import type { CanonicalName } from "../network/names.ts";
import { namesOfEntries, partsOf } from "../network/parts.ts";
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

export interface ReadOptions {
  readonly signal?: AbortSignal;
  /** Downloaded bytes of the float file, and all bytes if known. */
  readonly onBytes?: (loaded: number, total: number | undefined) => void;
}

/** @throws UnsupportedModelError for a model that is quantized already. */
export async function describeFloatModel(
  folder: ModelFolder,
  signal?: AbortSignal,
): Promise<ModelDescription> {
  const description = await describeModel(folder, signal);
  if (description.quantization)
    throw new UnsupportedModelError(
      `${folder.id}: expected a float model, got a quantized one. Load the float checkpoint.`,
    );
  return description;
}

/** Yields the tensors that inference needs as they arrive, each with the names of its parts. */
export async function* streamFloatModel(folder: ModelFolder, model: ModelDescription, options: ReadOptions) {
  const weights = await openWeights(folder, { ...options, inParts: model.besideText });
  try {
    const names = namesOfEntries((await checkTensors(model, weights.entries)).tensors);
    for await (const { entry, bytes } of weights.tensors((entry) => names.has(entry)))
      yield { names: names.get(entry)!, entry, bytes };
  } finally {
    await weights.close();
  }
}

/** @throws UnsupportedModelError for a model that is quantized already. */
export async function readFloatModel(folder: ModelFolder, options: ReadOptions = {}): Promise<FloatModel> {
  const description = await describeFloatModel(folder, options.signal);
  const tensors = new Map<CanonicalName, FloatTensor>();
  async function* parts() {
    for await (const { names, entry, bytes } of streamFloatModel(folder, description, options))
      yield* partsOf(names, entry, bytes);
  }
  for await (const { name, entry, bytes } of parts())
    tensors.set(name, { shape: entry.shape, values: toFloat32(entry, bytes).slice() });
  const layers = new Set(fused(description.network).ops.map(({ name }) => name));
  for (const name of [...tensors.keys()]) joinQkv(tensors, name, layers);
  return { folder, description, tensors };
}

/** Yields its tensors and those derived from them, from memory. */
export function storedTensorsOf(model: FloatModel): AsyncGenerator<StoredTensor> {
  return withDerived(model.description.network, arriving(model));
}

async function* arriving({ tensors }: FloatModel): AsyncGenerator<StoredTensor> {
  for (const [name, { shape, values }] of tensors) {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    yield { name, entry: { name, dtype: "F32", shape: [...shape], begin: 0, end: bytes.length }, bytes };
  }
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

/** If the network has one product for Q, K and V: attention pooling has three. */
function joinQkv(
  tensors: Map<CanonicalName, FloatTensor>,
  query: CanonicalName,
  layers: ReadonlySet<string>,
): void {
  const layer = query.replace(/\.query\.(weight|bias)$/, ".qkv");
  if (layer === query || !layers.has(layer)) return;
  const names = ["query", "key", "value"].map((part) => query.replace(".query.", `.${part}.`));
  const parts = names.flatMap((name) => tensors.get(name) ?? []);
  // A bias that only Q and V have stays theirs.
  if (parts.length < names.length) return;
  const values = new Float32Array(3 * parts[0].values.length);
  for (const [i, part] of parts.entries()) values.set(part.values, i * part.values.length);
  for (const name of names) tensors.delete(name);
  const [out, ...inputs] = parts[0].shape;
  tensors.set(query.replace(".query.", ".qkv."), { shape: [3 * out, ...inputs], values });
}
