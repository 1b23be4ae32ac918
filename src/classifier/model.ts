// Loading a model: configs first, then the weights as they stream in, quantized and uploaded tensor by tensor.

import { ModelFormatError, ModelLoadError, UnsupportedModelError } from "../errors/errors.ts";
import { part } from "../errors/part.ts";
import { parseJson } from "../format/fields.ts";
import type { ModelFolder } from "../format/folder.ts";
import { readOptional } from "../format/optional.ts";
import { openWeights, WEIGHTS_FILE } from "../format/weights.ts";
import { type Affine, affineOf } from "../image/normalise.ts";
import type { StoredTensor } from "../lower/pack/stored-tensor.ts";
import { checkTensors } from "../network/checked-tensors.ts";
import type { Model } from "../network/model.ts";
import { namesOfEntries, partsOf } from "../network/parts.ts";

/** A stage of a load. `fallback` means that the model falls back to the CPU. */
export type LoadStage = "fallback" | "download" | "quantize" | "compile" | "self-test" | "ready";

/** The progress of a load. */
export interface LoadProgress {
  readonly stage: LoadStage;
  /** Bytes downloaded so far. */
  readonly loaded?: number;
  /** Total bytes, if known. */
  readonly total?: number;
  /** Name of the file that is being downloaded. */
  readonly file?: string;
  /** With `fallback`: the reason and the remedy. */
  readonly why?: string;
}

export interface ModelDescription extends Model {
  readonly id: string;
  readonly affine: Affine;
}

/**
 * Loads from a folder whose files may be cached copies. If they are damaged, or from different versions, everything is downloaded again,
 * once. If not, they are compared with the server's files afterwards.
 */
export async function loadKept<T>(folder: ModelFolder, load: () => Promise<T>): Promise<T> {
  try {
    const loaded = await load();
    void folder.refresh?.().catch(() => {});
    return loaded;
  } catch (error) {
    const kinds = [ModelFormatError, ModelLoadError, UnsupportedModelError];
    if (kinds.some((kind) => error instanceof kind) && (await folder.forget?.())) return load();
    throw error;
  }
}

export const CONFIG = "config.json";
export const PREPROCESSOR = "preprocessor_config.json";
const NESTED = "processor_config.json";
interface Nested {
  readonly image_processor?: unknown;
}

/** The texts of config.json and preprocessor_config.json. */
export function readConfigs(folder: ModelFolder, signal?: AbortSignal) {
  return Promise.all([folder.readText(CONFIG, signal), readOptional(folder, PREPROCESSOR, signal)]);
}

/** Reads the two configs. Throws for an unsupported model before any weights are requested. */
export async function describeModel(folder: ModelFolder, signal?: AbortSignal): Promise<ModelDescription> {
  const reader = part(import("../network/model.ts"));
  reader.catch(() => {}); // thrown below, unless an earlier file has failed
  const [config, preprocessor] = await readConfigs(folder, signal);
  if (config === undefined)
    throw new ModelLoadError(
      `${folder.id}: expected config.json, got none. Pass a model folder in the Hugging Face format.`,
    );
  const fields = parseJson(config, folder.id.replace(/\/*$/, "/config.json"));
  const parsed = (name: string, text?: string) => (text === undefined ? undefined : parseJson(text, name));
  const { readModel } = await reader;
  const read = await readModel(fields, async () => {
    const processor = parsed(PREPROCESSOR, preprocessor);
    if (processor !== undefined) return processor;
    // transformers 5 also looks here
    const nested = parsed(NESTED, await readOptional(folder, NESTED, signal)) as Nested | undefined;
    return nested?.image_processor ?? undefined;
  });
  const model = read.optional
    ? await (await part(import("./optional.ts"))).asStored(read, folder, signal)
    : read;
  return { ...model, id: folder.id, affine: affineOf(model.preprocessing) };
}

export interface WeightsLoading {
  readonly onProgress?: (progress: LoadProgress) => void;
  readonly signal?: AbortSignal;
  readonly integrity?: string;
  /** Hears the names of what the file has and the model does without. */
  readonly onIgnored?: (names: readonly string[]) => void;
}

/** The tensors of a folder that the model needs, as they arrive. */
export async function* storedTensors(
  folder: ModelFolder,
  model: ModelDescription,
  { onProgress, signal, integrity, onIgnored }: WeightsLoading,
): AsyncGenerator<StoredTensor> {
  const open = model.quantization?.packed
    ? (await part(import("../format/packed.ts"))).openUnpacked
    : openWeights;
  const weights = await open(folder, {
    signal,
    integrity,
    inParts: model.besideText,
    groupSize: model.quantization?.groupSize,
    onBytes: (loaded, total) => onProgress?.({ stage: "download", loaded, total, file: WEIGHTS_FILE }),
  });
  try {
    const { tensors, ignored } = await checkTensors(model, weights.entries);
    onIgnored?.(ignored);
    const names = namesOfEntries(tensors);
    async function* parts() {
      for await (const { entry, bytes } of weights.tensors((entry) => names.has(entry)))
        yield* partsOf(names.get(entry)!, entry, bytes);
    }
    const { network } = model;
    yield* network.derived?.length
      ? (await part(import("../network/derived.ts"))).withDerived(network, parts())
      : parts();
  } finally {
    await weights.close();
  }
  onProgress?.({ stage: "quantize" });
  signal?.throwIfAborted();
}
