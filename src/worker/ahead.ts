// The configs of a model, which the page reads while its worker starts: the worker then begins with the weights.

import type { LoadOptions } from "../classifier/api.ts";
import { pagePlatform } from "../classifier/local-classifier.ts";
import { CONFIG, PREPROCESSOR, readConfigs } from "../classifier/model.ts";
import { type ModelFolder, type ModelSource, nameOfModel } from "../format/folder.ts";

/** By name; undefined for a file that the folder lacks. */
export type Texts = ReadonlyMap<string, string | undefined>;

export interface Ahead {
  readonly folder: ModelFolder;
  readonly texts: Texts;
}

/** The worker begins without them after this time: otherwise the error of a server that does not answer would take twice as long. */
const PATIENCE_MS = 3000;

/** Undefined for a model in memory, and if they cannot be read here in time: the worker may, or says why not. */
export async function readAhead(model: ModelSource, options: LoadOptions): Promise<Ahead | undefined> {
  if (nameOfModel(model) === undefined) return undefined;
  const reading = new AbortController();
  const stop = () => reading.abort();
  const timer = setTimeout(stop, PATIENCE_MS);
  options.signal?.addEventListener("abort", stop);
  try {
    const folder = await pagePlatform.openFolder(model, options);
    const [config, preprocessor] = await readConfigs(folder, reading.signal);
    const texts = new Map([
      [CONFIG, config],
      [PREPROCESSOR, preprocessor],
    ]);
    return { folder, texts };
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", stop);
  }
}

/** The folder, with these texts for the first time that they are read. A retry, and a load after a lost device, read the files. */
export function startingWith(texts: Texts, folder: ModelFolder): ModelFolder {
  const left = new Map(texts);
  return {
    ...folder,
    async readText(name, signal) {
      const [isLeft, text] = [left.has(name), left.get(name)];
      left.delete(name);
      return isLeft ? text : folder.readText(name, signal);
    },
  };
}
