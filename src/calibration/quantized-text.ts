// The text tower beside a float image tower, as tensors of the int8 folder.

import { UnsupportedModelError } from "../errors/errors.ts";
import { asFields, field, parseJson } from "../format/fields.ts";
import type { ModelFolder } from "../format/folder.ts";
import type { StoredTensor, TensorEntry } from "../format/safetensors.ts";
import { openWeights } from "../format/weights.ts";
import { checkShapes } from "../network/checked-tensors.ts";
import type { CanonicalName } from "../network/names.ts";
import type { Network } from "../network/op.ts";
import { readTextModel } from "../network/text-model.ts";
import { usedTensors } from "../network/used-tensors.ts";

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
  const text = await folder.readText("config.json", signal);
  const config = asFields(parseJson(text!, "config.json"), "config.json");
  if (field(config, "text_config") === undefined) return [];
  const model = await readTextModel(config).catch((error) => {
    if (!(error instanceof UnsupportedModelError)) throw error;
  });
  if (!model) return [];
  const weights = await openWeights(folder, { signal, inParts: true });
  try {
    const found = new Map<CanonicalName, TensorEntry>();
    for (const entry of weights.entries) {
      const name = /^logit_(?:scale|bias)$/.test(entry.name) ? entry.name : model.names.canonical(entry.name);
      if (name) found.set(name, entry);
    }
    if (!found.has("words.weight")) return [];
    const used = usedTensors(found, model);
    checkShapes(used, model);
    for (const name of ["logit_scale", "logit_bias"]) if (found.has(name)) used.set(name, found.get(name)!);
    const names = new Map([...used].map(([name, entry]) => [entry, name]));
    const stored: StoredTensor[] = [];
    for await (const { entry, bytes } of weights.tensors((entry) => names.has(entry)))
      stored.push(...store(model.network, names.get(entry)!, entry, bytes));
    return stored;
  } finally {
    await weights.close();
  }
}
