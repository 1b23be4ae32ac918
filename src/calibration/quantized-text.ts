// The text tower beside a float image tower, as tensors of the int8 folder.

import { UnsupportedModelError } from "../errors/errors.ts";
import { field } from "../format/fields.ts";
import type { ModelFolder } from "../format/folder.ts";
import type { StoredTensor, TensorEntry } from "../format/safetensors.ts";
import { openWeights } from "../format/weights.ts";
import type { CanonicalName } from "../network/names.ts";
import type { Network } from "../network/op.ts";
import { readTextModel } from "../network/text-model.ts";
import { textTensorsOf } from "../network/text-tensors.ts";
import { configOf } from "./folder-files.ts";

/** Int8 or floats, as the image tower's are stored. */
export type Store = (
  network: Network,
  name: CanonicalName,
  entry: TensorEntry,
  bytes: Uint8Array,
) => StoredTensor[];

/**
 * Empty for a model without a text tower, or with one that is not supported: its image tower loads alone. The table of tokens is quantized
 * as a linear layer is, with a scale for each row.
 */
export async function quantizedText(
  folder: ModelFolder,
  store: Store,
  signal?: AbortSignal,
): Promise<StoredTensor[]> {
  const config = await configOf(folder, signal);
  if (field(config, "text_config") === undefined) return [];
  const model = await readTextModel(config).catch((error) => {
    if (!(error instanceof UnsupportedModelError)) throw error;
  });
  if (!model) return [];
  const weights = await openWeights(folder, { signal, inParts: true });
  try {
    const names = textTensorsOf(weights.entries, model);
    if (!names) return [];
    const stored: StoredTensor[] = [];
    for await (const { entry, bytes } of weights.tensors((entry) => names.has(entry)))
      stored.push(...store(model.network, names.get(entry)!, entry, bytes));
    return stored;
  } finally {
    await weights.close();
  }
}
