/** Weights in several safetensors files, as model.safetensors.index.json of transformers lists them. */
import { ModelFormatError, ModelLoadError, UnsupportedModelError } from "../errors/errors.ts";
import { asFields, field, malformed, parseJson, quote } from "./fields.ts";
import type { ModelFolder } from "./model-folder.ts";
import { bytesOfParts } from "./parts.ts";
import type { SafetensorsHeader, TensorEntry } from "./safetensors-header.ts";
import type { OpenFile, OpenWeights, StreamedTensors, Wanted, WeightsOptions } from "./safetensors-stream.ts";
import { openFile } from "./weights-file.ts";

const INDEX = "model.safetensors.index.json";
/** Transformers cuts at 5 GB and more. */
const MAX_SHARDS = 256;
/** A file beside the index: no path leads out of the folder, and no index to another. */
const SHARD_NAME = /^\w[\w.-]{0,200}\.safetensors$/;

/**
 * Reads the headers of all shards, so that a missing tensor is found before the weights download. Yields the tensors of one shard after
 * another, and skips shards without a wanted tensor.
 * @throws ModelFormatError for an index that does not match its shards; ModelLoadError for a missing shard
 */
export async function openShards(
  folder: ModelFolder,
  index: string,
  options: WeightsOptions,
): Promise<OpenWeights> {
  if (options.integrity)
    throw new UnsupportedModelError(
      `${folder.id}: expected one weights file for integrity, got shards. Load without integrity.`,
    );
  const shards = await readShards(folder, index, options);
  async function* tensors(wanted: Wanted = () => true): StreamedTensors {
    const needed = [...shards].filter(([, { entries }]) => entries.some(wanted));
    const bytesOf = (header: SafetensorsHeader) =>
      options.inParts ? bytesOfParts(header, wanted) : header.byteLength;
    const total = needed.reduce((sum, [, header]) => sum + bytesOf(header), 0);
    let before = 0;
    for (const [name, header] of needed) {
      const onBytes = (loaded: number) => options.onBytes?.(before + loaded, total);
      const shard = await openShard(folder, name, { ...options, onBytes });
      try {
        checkSame(name, header.entries, shard.entries);
        const known = new Map(header.entries.map((entry) => [entry.name, entry]));
        for await (const { entry, bytes } of shard.tensors(({ name }) => wanted(known.get(name)!)))
          yield { entry: known.get(entry.name)!, bytes };
      } finally {
        await shard.close();
      }
      before += bytesOf(header);
    }
  }
  const entries = [...shards.values()].flatMap(({ entries }) => entries);
  return { entries, tensors, close: async () => {} };
}

/** Reads the headers by file, and compares each with the index. */
async function readShards(
  folder: ModelFolder,
  index: string,
  { signal, inParts }: WeightsOptions,
): Promise<Map<string, SafetensorsHeader>> {
  const shards = new Map<string, SafetensorsHeader>();
  for (const [name, tensors] of parseIndex(index)) {
    const header = await openShard(folder, name, { signal, inParts });
    await header.close();
    checkListed(name, tensors, header.entries);
    shards.set(name, header);
  }
  return shards;
}

/** The names of the tensors in each shard, according to the index. */
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

async function openShard(folder: ModelFolder, name: string, options: WeightsOptions): Promise<OpenFile> {
  const opened = await openFile(folder, name, options);
  if (opened) return opened;
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
