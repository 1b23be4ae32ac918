// The text tower's tensors in a file of both towers.

import { ModelFormatError } from "../errors/errors.ts";
import type { ModelFolder } from "../format/folder.ts";
import { toFloat32 } from "../format/safetensors.ts";
import type { TensorEntry } from "../format/safetensors-header.ts";
import type { StreamOptions } from "../format/safetensors-stream.ts";
import { openWeights } from "../format/weights.ts";
import type { StoredTensor } from "../lower/pack/stored-tensor.ts";
import type { TextModel } from "../network/text-model.ts";
import { textTensorsOf } from "../network/text-tensors.ts";
import { quantizeRows } from "../quant/quantize.ts";

/** A tower's tables and numbers, which stay with the host. */
export interface HostTensors {
  words?: RowTable;
  positions?: Float32Array;
  /** exp of it is what cosines are multiplied by. */
  logitScale: number;
  /** Is added then. */
  logitBias: number;
}

/** Rows of floats, or of int8 with a scale each. */
export interface RowTable {
  readonly data: Int8Array | Float32Array;
  readonly scales?: Float32Array;
}

const HOSTED = ["words.weight", "words.weight_scale", "positions", "logit_scale", "logit_bias"];

/**
 * Yields the tensors that the network computes with. The other tensors are added to `host`, token embeddings as int8 unless `keepFloats`.
 * @throws ModelFormatError for a file that lacks a tensor
 */
export async function* textTensors(
  folder: ModelFolder,
  model: TextModel,
  host: HostTensors,
  { keepFloats, ...options }: StreamOptions & { keepFloats: boolean },
): AsyncGenerator<StoredTensor> {
  const weights = await openWeights(folder, { ...options, inParts: true });
  try {
    const names = textTensorsOf(weights.entries, model);
    if (!names)
      throw new ModelFormatError(
        `${folder.id}: expected a text tower in the weights, got none. Load the model as save_pretrained wrote it.`,
      );
    for await (const { entry, bytes } of weights.tensors((entry) => names.has(entry))) {
      const name = names.get(entry)!;
      if (HOSTED.includes(name)) keep(host, name, entry, bytes, keepFloats);
      else yield { name, entry, bytes };
    }
  } finally {
    await weights.close();
  }
}

function keep(
  host: HostTensors,
  name: string,
  entry: TensorEntry,
  bytes: Uint8Array,
  keepFloats: boolean,
): void {
  if (name === "words.weight" && entry.dtype === "I8") {
    const data = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    host.words = { data, scales: host.words?.scales };
    return;
  }
  const values = toFloat32(entry, bytes);
  if (name === "words.weight" && keepFloats) host.words = { data: values };
  else if (name === "words.weight") {
    const { q, scale } = quantizeRows(values, entry.shape[0]);
    host.words = { data: q, scales: scale };
  } else if (name === "words.weight_scale")
    host.words = { data: host.words?.data ?? new Int8Array(), scales: values };
  else if (name === "positions") host.positions = values;
  else if (name === "logit_scale") host.logitScale = values[0];
  else host.logitBias = values[0];
}
