// A model folder in Node: on the disk, or from any source that a page supports, with the Hub settings of the environment.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { ModelLoadError } from "../errors/errors.ts";
import {
  type HubOptions,
  heeding,
  type ModelFolder,
  type ModelSource,
  nameOfModel,
  resolveFolder,
} from "../format/folder.ts";
import { readText } from "../format/read-text.ts";
import { advising, hubOf } from "./hub.ts";

/**
 * Opens the folder of a model in Node: a directory if one with this name exists, otherwise as in a page.
 * @throws ModelLoadError for a path without a directory, or an argument that does not name a model
 */
export async function openModel(model: ModelSource, hub: HubOptions = {}): Promise<ModelFolder> {
  const name = nameOfModel(model);
  if (name === undefined) return resolveFolder(model, hub);
  const place = /^file:/i.test(name) ? pathOfUrl(name) : name;
  const directory = await openDirectory(place);
  if (directory && hub.revision !== undefined)
    throw new ModelLoadError(
      `revision ${hub.revision}: expected a Hub model, got the directory ${place}. Remove the option revision.`,
    );
  if (directory) return heeding(directory);
  const isThere = await stat(place).catch(() => undefined);
  if (place !== name || isPath(place) || isThere) throw await noDirectory(place);
  const folder = await resolveFolder(name, { ...(await hubOf(hub.endpoint)), revision: hub.revision });
  return advising(folder, isHubId(name) ? ` There is no directory ${name} either.` : "");
}

/** Whether a name is a path and nothing else, on this or another system: `./m`, `~/m`, `C:\m`, `\\host\m`, `.\m`. */
export function isPath(name: string): boolean {
  return /^(?:\.{0,2}[\\/](?!\/(?:www\.)?(?:huggingface|hf)\.co\b)|\.{1,2}$|~|[a-z]:[\\/])/i.test(name);
}

/** `owner/name`, which may be meant as a path. */
const isHubId = (name: string) => /^[^/:]+\/[^/:]+$/.test(name);

function pathOfUrl(address: string): string {
  try {
    return fileURLToPath(address);
  } catch (cause) {
    const { message } = cause as Error;
    throw new ModelLoadError(`model ${address}: expected the file: URL of a directory (${message}).`, {
      cause,
    });
  }
}

async function noDirectory(place: string): Promise<ModelLoadError> {
  const stats = await stat(place).catch(() => undefined);
  const got = stats ? "a file. Pass its directory" : "none";
  const home = place.startsWith("~") ? ". Only a shell expands ~" : "";
  return new ModelLoadError(`model ${place}: expected a directory, got ${got}${home}.`);
}

/** The folder at `directory`, or undefined when there is no directory of that name. */
export async function openDirectory(directory: string): Promise<ModelFolder | undefined> {
  const stats = await stat(directory).catch(() => undefined);
  if (!stats?.isDirectory()) return undefined;
  const open = async (name: string) => {
    const file = path.join(directory, name);
    const found = await stat(file).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== "ENOENT") throw unreadable(file, cause);
    });
    if (!found) return undefined;
    const source = createReadStream(file, { highWaterMark: 1 << 20 });
    const stream = Readable.toWeb(source) as ReadableStream<Uint8Array>;
    return { stream, byteLength: found.size };
  };
  return {
    id: directory,
    open,
    async readText(name, signal) {
      const file = await open(name);
      return (
        file &&
        readText(name, file.stream, signal).catch((error) => {
          const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
          throw code ? unreadable(path.join(directory, name), error.cause) : error;
        })
      );
    },
  };
}

function unreadable(file: string, cause: NodeJS.ErrnoException): ModelLoadError {
  return new ModelLoadError(`${file}: cannot be read (${cause.code}).`, { cause });
}
