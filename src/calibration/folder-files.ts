// The files of a quantized folder.

import { asFields, type Fields, parseJson } from "../format/fields.ts";
import type { ModelFolder } from "../format/folder.ts";
import { readOptional } from "../format/optional.ts";
import { type QuantizationOptions, quantizationConfig } from "../format/quantization-config.ts";
import { type StoredTensor, writeSafetensors } from "../format/safetensors.ts";
import { WEIGHTS_FILE } from "../format/weights.ts";
import { quantizeRows } from "../quant/quantize.ts";

/** Copied from the float folder, byte for byte except for a byte order mark. */
const COPIED = [
  "preprocessor_config.json",
  "processor_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "vocab.json",
  "merges.txt",
  "LICENSE",
];

/** Every file by name, in pieces, except README.md. */
export async function folderFiles(
  folder: ModelFolder,
  tensors: readonly StoredTensor[],
  quantization: QuantizationOptions,
  signal?: AbortSignal,
): Promise<Map<string, Uint8Array[]>> {
  const config = {
    ...(await configOf(folder, signal)),
    quantization_config: quantizationConfig(quantization),
  };
  const copies = await Promise.all(COPIED.map((name) => readOptional(folder, name, signal)));
  const files = new Map([["config.json", [encode(`${JSON.stringify(config, null, 2)}\n`)]]]);
  for (const [i, name] of COPIED.entries()) if (copies[i] !== undefined) files.set(name, [encode(copies[i])]);
  return files.set(WEIGHTS_FILE, writeSafetensors(tensors, { format: "pt" }));
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

export async function configOf(folder: ModelFolder, signal?: AbortSignal): Promise<Fields> {
  const text = await folder.readText("config.json", signal);
  return asFields(parseJson(text!, "config.json"), "config.json");
}

/** Int8 with a scale for each row. The patch embedding's are [width, 3, side, side]; linear layers have no fourth axis. */
export const eightBits = (values: Float32Array, shape: readonly number[]) =>
  quantizeRows(values, shape[0], shape[3]);

export const int8s = (name: string, shape: readonly number[], q: Int8Array): StoredTensor => ({
  name,
  dtype: "I8",
  shape,
  bytes: new Uint8Array(q.buffer),
});

export function floats(name: string, shape: readonly number[], values: Float32Array): StoredTensor {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { name, dtype: "F32", shape, bytes };
}
