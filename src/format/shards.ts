/** Weights in several safetensors files, as model.safetensors.index.json of transformers lists them. */
import { ModelFormatError, ModelLoadError, UnsupportedModelError } from "../errors/errors.ts";
import { asFields, field, malformed, parseJson, quote } from "./fields.ts";
import type { ModelFolder } from "./model-folder.ts";
import type { SafetensorsHeader, TensorEntry } from "./safetensors-header.ts";
import {
  type ByteStream,
  type OpenWeights,
  openSafetensors,
  readHeader,
  type StreamedTensors,
  type Wanted,
  type WeightsOptions,
} from "./safetensors-stream.ts";

const INDEX = "model.safetensors.index.json";
/** Transformers cuts at 5 GB and more. */
const MAX_SHARDS = 256;
/** A file beside the index: no path leads out of the folder, and no index to another. */
const SHARD_NAME = /^\w[\w.-]{0,200}\.safetensors$/;

/**
 * Reads the headers of all shards, so that what the model lacks is known before its weights come; the tensors are those of each
 * shard in turn. Throws ModelFormatError for an index that its shards do not bear out, ModelLoadError for a missing shard.
 */
export async function openShards(
  folder: ModelFolder,
  index: string,
  { signal, onBytes, integrity }: WeightsOptions,
): Promise<OpenWeights> {
  if (integrity)
    throw new UnsupportedModelError(
      `${folder.id}: expected one weights file for integrity, got shards. Load without integrity.`,
    );
  const shards = await readShards(folder, index, signal);
  const headers = [...shards.values()];
  const total = headers.reduce((sum, { byteLength }) => sum + byteLength, 0);
  async function* tensors(wanted: Wanted = () => true): StreamedTensors {
    let before = 0;
    for (const [name, header] of shards) {
      const shard = await openSafetensors(await openShard(folder, name, signal), {
        signal,
        onBytes: (loaded) => onBytes?.(before + loaded, total),
      });
      try {
        checkSame(name, header.entries, shard.entries);
        const known = new Map(header.entries.map((entry) => [entry.name, entry]));
        for await (const { entry, bytes } of shard.tensors(({ name }) => wanted(known.get(name)!)))
          yield { entry: known.get(entry.name)!, bytes };
      } finally {
        await shard.close();
      }
      before += header.byteLength;
    }
  }
  return { entries: headers.flatMap(({ entries }) => entries), tensors, close: async () => {} };
}

/** The headers by file, each checked against what the text of the index says. */
async function readShards(
  folder: ModelFolder,
  index: string,
  signal?: AbortSignal,
): Promise<Map<string, SafetensorsHeader>> {
  const shards = new Map<string, SafetensorsHeader>();
  for (const [name, tensors] of parseIndex(index)) {
    const header = await readHeader(await openShard(folder, name, signal), signal);
    checkListed(name, tensors, header.entries);
    shards.set(name, header);
  }
  return shards;
}

/** The tensors that each shard should hold. */
function parseIndex(text: string): Map<string, Set<string>> {
  const map = asFields(field(asFields(parseJson(text, INDEX), INDEX), "weight_map"), `${INDEX} weight_map`);
  const shards = new Map<string, Set<string>>();
  for (const [tensor, shard] of Object.entries(map)) {
    if (typeof shard !== "string" || !SHARD_NAME.test(shard))
      throw malformed(`${INDEX} ${quote(tensor)}`, "a *.safetensors file beside it", shard);
    const tensors = shards.get(shard) ?? new Set();
    shards.set(shard, tensors.add(tensor));
    if (shards.size > MAX_SHARDS)
      throw malformed(`${INDEX} weight_map`, `at most ${MAX_SHARDS} shards`, "more");
  }
  return shards;
}

async function openShard(folder: ModelFolder, name: string, signal?: AbortSignal): Promise<ByteStream> {
  const file = await folder.open(name, signal);
  if (file) return file;
  throw new ModelLoadError(`${folder.id}: expected ${name}, as in ${INDEX}, got no such file.`);
}

function checkListed(shard: string, listed: ReadonlySet<string>, entries: readonly TensorEntry[]): void {
  const extra = entries.find(({ name }) => !listed.has(name));
  if (extra)
    throw new ModelFormatError(
      `${shard}: expected only the tensors that ${INDEX} lists, got ${quote(extra.name)}.`,
    );
  const held = new Set(entries.map(({ name }) => name));
  const missing = [...listed].find((name) => !held.has(name));
  if (missing !== undefined)
    throw new ModelFormatError(`${shard}: expected tensor ${quote(missing)}, got none.`);
}

function checkSame(shard: string, first: readonly TensorEntry[], again: readonly TensorEntry[]): void {
  if (JSON.stringify(first) === JSON.stringify(again)) return;
  throw new ModelFormatError(`${shard}: changed during the download. Load the model again.`);
}
