// A model's folder on the disk.

import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { ModelLoadError } from "../errors/errors.ts";
import { type HubOptions, type ModelFolder, type ModelSource, resolveFolder } from "../format/folder.ts";

/**
 * The folder that a model is named by in Node: a directory where there is one of that name, otherwise as in a page.
 * @throws ModelLoadError for a path without a directory, and for what is no name of a model.
 */
export async function openModel(model: ModelSource, hub: HubOptions = {}): Promise<ModelFolder> {
  const directory = typeof model === "string" ? await openDirectory(model) : undefined;
  if (directory) return directory;
  if (typeof model === "string" && /^\.{0,2}\//.test(model))
    throw new ModelLoadError(`model ${model}: expected a directory, found none`);
  return resolveFolder(model, hub);
}

/** The folder at `directory`, or undefined when there is no directory of that name. */
export async function openDirectory(directory: string): Promise<ModelFolder | undefined> {
  const stats = await stat(directory).catch(() => undefined);
  if (!stats?.isDirectory()) return undefined;
  const failed = (name: string) => (cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return undefined;
    throw new ModelLoadError(`${path.join(directory, name)}: cannot be read (${cause.code})`, { cause });
  };
  return {
    id: directory,
    readText: (name) => readFile(path.join(directory, name), "utf8").catch(failed(name)),
    async open(name) {
      const file = path.join(directory, name);
      const found = await stat(file).catch(failed(name));
      if (!found) return undefined;
      const stream = Readable.toWeb(createReadStream(file, { highWaterMark: 1 << 20 }));
      return { stream: stream as ReadableStream<Uint8Array>, byteLength: found.size };
    },
  };
}
