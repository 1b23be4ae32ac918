// A float checkpoint as the files of an int8 folder, in the compressed-tensors convention.

import { ModelFormatError } from "../errors/errors.ts";
import { asFields, parseJson } from "../format/fields.ts";
import type { ModelFolder } from "../format/folder.ts";
import { type QuantizationOptions, quantizationConfig } from "../format/quantization-config.ts";
import { type StoredTensor, type TensorEntry, toFloat32, writeSafetensors } from "../format/safetensors.ts";
import { WEIGHTS_FILE } from "../format/weights.ts";
import type { CanonicalName } from "../network/names.ts";
import type { Network } from "../network/op.ts";
import { quantizeRows } from "../quant/quantize.ts";
import { filesBeside } from "./files-beside.ts";
import { describeFloatModel, type ReadOptions, streamFloatModel } from "./float-model.ts";
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
    const values = finite(entry, bytes);
    const isFloat = names.map((name) => kept.note(name, entry.name)).includes("float");
    weights.push(
      ...(isFloat
        ? [floats(entry.name, entry.shape, values)]
        : stored(model.network, names[0], entry, values)),
    );
  }
  const store: Store = (network, name, entry, bytes) => stored(network, name, entry, finite(entry, bytes));
  weights.push(...(await quantizedText(folder, store, signal)));
  const files = new Map<string, Uint8Array[]>([
    ["config.json", [encode(await quantizedConfig(folder, kept.modules, signal))]],
    ...(await filesBeside(folder, signal)),
  ]);
  return files.set(WEIGHTS_FILE, writeSafetensors(weights, { format: "pt" }));
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
  // The patch embedding's [width, 3, side, side]; linear layers have no fourth axis.
  const { q, scale } = quantizeRows(values, shape[0], shape[3]);
  return [
    { name, dtype: "I8", shape, bytes: new Uint8Array(q.buffer) },
    floats(`${name}_scale`, [shape[0], 1], scale),
  ];
}

function floats(name: string, shape: readonly number[], values: Float32Array): StoredTensor {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { name, dtype: "F32", shape, bytes };
}

function finite(entry: TensorEntry, bytes: Uint8Array): Float32Array {
  const values = toFloat32(entry, bytes);
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return values;
  throw new ModelFormatError(
    `tensor ${entry.name}: expected finite numbers, got ${values[at]} at ${at}. The checkpoint is damaged.`,
  );
}

async function quantizedConfig(
  folder: ModelFolder,
  options: QuantizationOptions,
  signal?: AbortSignal,
): Promise<string> {
  const text = await folder.readText("config.json", signal);
  const config = asFields(parseJson(text!, "config.json"), "config.json");
  return `${JSON.stringify({ ...config, quantization_config: quantizationConfig(options) }, null, 2)}\n`;
}

const encode = (text: string) => new TextEncoder().encode(text);
