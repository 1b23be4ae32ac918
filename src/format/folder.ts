/** A model's folder, wherever it is: on a server, on the Hub, or in hand as files or bytes. */
import { openFilesFolder } from "./files-folder.ts";
import type { ByteStream } from "./safetensors-stream.ts";
import { openHubFolder, openUrlFolder } from "./url-folder.ts";

export interface ModelFolder {
  /** What messages and reports call it. */
  readonly id: string;
  /** A small file as text; undefined when the folder has none of that name. Throws ModelLoadError on other failures. */
  readText(name: string, signal?: AbortSignal): Promise<string | undefined>;
  /** A large file as a stream; undefined when the folder has none of that name. */
  open(name: string, signal?: AbortSignal): Promise<ByteStream | undefined>;
  /** Drops the copies of its files that were kept from an earlier load; false when none was used. */
  forget?(): Promise<boolean>;
  /** Has the next load fetch the files whose kept copies are no longer what the server has. */
  refresh?(): Promise<void>;
}

export interface HubOptions {
  revision?: string;
  endpoint?: string | URL;
}

/** What files in hand may be, by name. */
export type FileContents = Blob | Uint8Array | ArrayBuffer | string;
export type ModelSource = ModelFolder | string | URL | Iterable<File> | Record<string, FileContents>;

/**
 * The folder that a model is named by: `owner/name` is on the Hub, a URL or a path beginning with `/`, `./` or `../` is
 * on a server, files and bytes are themselves. The web address of a Hub model's page counts as its `owner/name`.
 */
export function resolveFolder(
  model: ModelSource,
  { endpoint }: { endpoint?: string | URL } = {},
): ModelFolder {
  if (isFolder(model)) return model;
  if (typeof model !== "string" && !(model instanceof URL)) return openFilesFolder(model);
  const text = String(model);
  const page = /^https:\/\/huggingface\.co\/([^/?#]+\/[^/?#]+)(?:\/tree\/([^/?#]+))?\/?$/.exec(text);
  if (page) return openHubFolder(page[1], { revision: page[2], endpoint });
  if (/^[a-z][\w+.-]*:|^\.{0,2}\//i.test(text)) return openUrlFolder(model);
  return openHubFolder(text, { endpoint });
}

function isFolder(model: ModelSource): model is ModelFolder {
  return typeof model === "object" && typeof (model as Partial<ModelFolder>).readText === "function";
}
