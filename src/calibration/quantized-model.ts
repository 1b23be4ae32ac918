// A float checkpoint as the files of an int8 folder, in the compressed-tensors convention.

import type { ModelFolder } from "../format/folder.ts";
import type { StoredTensor, TensorEntry } from "../format/safetensors.ts";
import { finite } from "../lower/pack/finite.ts";
import type { CanonicalName } from "../network/names.ts";
import type { Network } from "../network/op.ts";
import { describeFloatModel, type ReadOptions, streamFloatModel } from "./float-model.ts";
import { eightBits, floats, folderFiles, int8s } from "./folder-files.ts";
import { type Keep, Kept } from "./keep.ts";
import { quantizedText, type Store } from "./quantized-text.ts";

/**
 * Every file of the int8 folder by name, in pieces, except README.md. Linear weights become I8 with F32 `weight_scale` [out, 1], with the
 * arithmetic of loading; every other tensor becomes F32, and so do kept layers; tensors that inference does not need are left out.
 * @throws UnsupportedModelError for a model that is already quantized; ModelFormatError for a weight that is not finite; RangeError for a kept layer
 *   that the model does not have
 */
export async function quantizedFiles(
  folder: ModelFolder,
  { keep, ...options }: ReadOptions & { readonly keep?: Keep } = {},
): Promise<Map<string, Uint8Array[]>> {
  const { signal } = options;
  const model = await describeFloatModel(folder, signal);
  const kept = new Kept(model, keep);
  const weights: StoredTensor[] = [];
  for await (const { names, entry, bytes } of streamFloatModel(folder, model, options)) {
    const values = finite({ name: entry.name, entry, bytes });
    const isFloat = names.map((name) => kept.note(name, entry.name)).includes("float");
    weights.push(
      ...(isFloat
        ? [floats(entry.name, entry.shape, values)]
        : stored(model.network, names[0], entry, values)),
    );
  }
  const store: Store = (network, name, entry, bytes) =>
    stored(network, name, entry, finite({ name: entry.name, entry, bytes }));
  weights.push(...(await quantizedText(folder, store, signal)));
  return folderFiles(folder, weights, kept.modules, signal);
}

/**
 * The weights of linear layers, including the patch embedding's, are the tensors `weight` with more than one axis. Inputs of derived
 * parameters are not multiplied.
 */
export function isQuantizable(
  { derived = [] }: Network,
  name: CanonicalName,
  shape: readonly number[],
): boolean {
  return name.endsWith(".weight") && shape.length > 1 && !derived.some(({ from }) => name in from);
}

function stored(
  network: Network,
  canonical: CanonicalName,
  { name, shape }: TensorEntry,
  values: Float32Array,
): StoredTensor[] {
  if (!isQuantizable(network, canonical, shape)) return [floats(name, shape, values)];
  const { q, scale } = eightBits(values, shape);
  return [int8s(name, shape, q), floats(`${name}_scale`, [shape[0], 1], scale)];
}
