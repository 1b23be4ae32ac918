/** The weights of a model folder, in one safetensors file or in shards: their tensors while they arrive. */
import { ModelLoadError } from "../errors/errors.ts";
import { part } from "../errors/part.ts";
import { mayBeAbsent } from "./absence.ts";
import type { ModelFolder } from "./folder.ts";
import { readOptional } from "./optional.ts";
import type { TensorEntry } from "./safetensors-header.ts";
import { readHeader, streamSafetensors, type WeightsOptions } from "./safetensors-stream.ts";

export const WEIGHTS_FILE = "model.safetensors";
const INDEX_FILE = "model.safetensors.index.json";

/**
 * Every tensor as `streamSafetensors` yields it; `onHeader` is told those of all shards at once. Throws ModelLoadError
 * when there are no weights, and ModelFormatError at the end when the bytes are not those that `integrity` says.
 */
export async function* streamWeights(
  folder: ModelFolder,
  options: WeightsOptions = {},
): AsyncGenerator<{ entry: TensorEntry; bytes: Uint8Array }> {
  const { signal, integrity } = options;
  const check = integrity ? (await part(import("./integrity.ts"))).withIntegrity : undefined;
  let why: unknown;
  try {
    const file = await folder.open(WEIGHTS_FILE, signal);
    if (file) return yield* streamSafetensors(check?.(file, integrity!) ?? file, options);
  } catch (error) {
    if (!mayBeAbsent(error)) throw error;
    why = error;
  }
  const index = await readIndex(folder, why, signal);
  yield* (await part(import("./shards.ts"))).streamShards(folder, index, options);
}

/** Every tensor of the weights by the headers alone. Throws as `streamWeights` does. */
export async function listWeights(folder: ModelFolder, signal?: AbortSignal): Promise<TensorEntry[]> {
  let why: unknown;
  try {
    const file = await folder.open(WEIGHTS_FILE, signal);
    if (file) return (await readHeader(file, signal)).entries;
  } catch (error) {
    if (!mayBeAbsent(error)) throw error;
    why = error;
  }
  const index = await readIndex(folder, why, signal);
  const shards = await (await part(import("./shards.ts"))).readShards(folder, index, signal);
  return [...shards.values()].flatMap(({ entries }) => entries);
}

/** `why` is what was wrong with the one file, where something was: it is told when there are no shards either. */
async function readIndex(folder: ModelFolder, why: unknown, signal?: AbortSignal): Promise<string> {
  const index = await readOptional(folder, INDEX_FILE, signal);
  if (index && /^\s*\{/.test(index)) return index;
  throw (
    why ??
    new ModelLoadError(`${folder.id}: has no ${WEIGHTS_FILE}; convert the checkpoint with save_pretrained`)
  );
}
