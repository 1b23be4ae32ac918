// A model that is described and checked before any weight of it is read.

import type { ModelFolder } from "../format/folder.ts";
import { type CanonicalName, checkTensors } from "../format/names.ts";
import { unpackedEntries } from "../format/packed.ts";
import type { TensorEntry } from "../format/safetensors.ts";
import { listWeights } from "../format/weights.ts";
import { describeModel, type ModelDescription } from "./model.ts";

/** A model by its configs and the head of its weights file. */
export interface OpenModel extends ModelDescription {
  readonly folder: ModelFolder;
  /** The tensors to load. */
  readonly tensors: ReadonlyMap<CanonicalName, TensorEntry>;
}

/** @throws UnsupportedModelError, ModelFormatError, ModelLoadError for what is wrong with the model. */
export async function openChecked(folder: ModelFolder, signal: AbortSignal): Promise<OpenModel> {
  const description = await describeModel(folder, signal);
  const tensors = checkTensors(description.architecture, unpackedEntries(await listWeights(folder, signal)));
  return { ...description, folder, tensors };
}
