/** The weights of a model folder, in one safetensors file or in shards. */
import { ModelLoadError } from "../errors/errors.ts";
import { part } from "../errors/part.ts";
import { mayBeAbsent } from "./absence.ts";
import type { ModelFolder } from "./folder.ts";
import { readOptional } from "./optional.ts";
import type { TensorEntry } from "./safetensors-header.ts";
import type { OpenWeights, WeightsOptions } from "./safetensors-stream.ts";
import { openFile } from "./weights-file.ts";

export const WEIGHTS_FILE = "model.safetensors";
const INDEX_FILE = "model.safetensors.index.json";

/**
 * Opens the weights and reads all their headers.
 * @throws ModelLoadError if there are none, and as `openSafetensors`; the stream throws ModelFormatError if the bytes do not match
 *   `integrity`
 */
export async function openWeights(folder: ModelFolder, options: WeightsOptions = {}): Promise<OpenWeights> {
  let why: unknown;
  try {
    const opened = await openFile(folder, WEIGHTS_FILE, options);
    if (opened) return opened;
  } catch (error) {
    if (!mayBeAbsent(error)) throw error;
    why = error;
  }
  const index = await readIndex(folder, why, options.signal);
  return (await part(import("./shards.ts"))).openShards(folder, index, options);
}

/** Every tensor of the weights by the headers alone. Throws as `openWeights` does. */
export async function listWeights(
  folder: ModelFolder,
  signal?: AbortSignal,
): Promise<readonly TensorEntry[]> {
  const weights = await openWeights(folder, { signal });
  await weights.close();
  return weights.entries;
}

/** `why` is the error of the single file, if there is one. It is thrown if there are no shards either. */
async function readIndex(folder: ModelFolder, why: unknown, signal?: AbortSignal): Promise<string> {
  const index = await readOptional(folder, INDEX_FILE, signal);
  if (index && /^\s*\{/.test(index)) return index;
  throw (
    why ??
    new ModelLoadError(
      `${folder.id}: expected ${WEIGHTS_FILE}, got none. Convert the checkpoint with save_pretrained.`,
    )
  );
}
