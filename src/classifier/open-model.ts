// A model that is described and checked before any weight of it is read.

import type { ModelFolder } from "../format/folder.ts";
import { unpackedEntries } from "../format/packed.ts";
import { listWeights } from "../format/weights.ts";
import { checkTensors } from "../network/checked-tensors.ts";
import type { CheckedTensors } from "../network/used-tensors.ts";
import { describeModel, type ModelDescription } from "./model.ts";

/** A model by its configs and the head of its weights file. */
export interface OpenModel extends ModelDescription, Readonly<CheckedTensors> {
  readonly folder: ModelFolder;
}

/** @throws UnsupportedModelError, ModelFormatError or ModelLoadError for a bad model. */
export async function openChecked(folder: ModelFolder, signal: AbortSignal): Promise<OpenModel> {
  const description = await describeModel(folder, signal);
  const checked = await checkTensors(description, unpackedEntries(await listWeights(folder, signal)));
  return { ...description, folder, ...checked };
}
