/** A model's folder on an http(s) server, the Hub's among them. */
import { ModelLoadError } from "../errors/errors.ts";
import { type Download, download } from "./download.ts";
import { quote } from "./fields.ts";
import { KeptFiles } from "./kept-files.ts";
import type { ByteRange, HubOptions, ModelFolder } from "./model-folder.ts";
import { readText } from "./read-text.ts";

const HUB = "https://huggingface.co";

/** Files at `endpoint`/`id`/resolve/`revision`/`subfolder`. Throws ModelLoadError when `id` is not `owner/name`. */
export function openHubFolder(
  id: string,
  { revision = "main", endpoint = HUB, subfolder = "", headers }: HubOptions & { subfolder?: string } = {},
): ModelFolder {
  if (!/^[\w-][\w.-]*\/[\w-][\w.-]*$/.test(id)) {
    throw new ModelLoadError(
      `model ${quote(id)}: expected owner/name, a URL, or a path beginning with / or ./.`,
    );
  }
  if (/^\.*$/.test(revision))
    throw new ModelLoadError(`revision ${quote(revision)}: expected a branch, a tag, a commit or refs/pr/1.`);
  const repository = `${String(endpoint).replace(/\/+$/, "")}/${id}`;
  // Some revisions are copied from a URL, where a slash is `%2F`.
  const at = encodeURIComponent(String(revision).replace(/%2f/gi, "/"));
  const inside = subfolder.split("/").map(encodeURIComponent).join("/");
  const pointers = asFolderUrl(`${repository}/raw/${at}/${inside}`);
  const init = { headers };
  // The Git LFS pointer next to a large file contains the SHA-256. The header that contains it is on a redirect, which a page cannot read.
  const check = async (name: string, file: Download, signal?: AbortSignal) => {
    if (!name.endsWith(".safetensors")) return file;
    const integrity = await import("./integrity.ts").catch(() => undefined);
    return integrity?.withPointer(file, fileUrl(pointers, name), { ...init, signal }) ?? file;
  };
  return {
    ...openUrlFolder(`${repository}/resolve/${at}/${inside}`, init, check),
    id: subfolder ? `${id}/${subfolder}` : id,
  };
}

/**
 * Files of one folder on a server; a query in `base` is added to every request. A file that is downloaded in full must pass `check` before
 * it is returned or cached.
 */
export function openUrlFolder(
  base: string | URL,
  init: RequestInit = {},
  check = async (_name: string, file: Download, _signal?: AbortSignal) => file,
): ModelFolder {
  const root = asFolderUrl(base);
  const kept = new KeptFiles();
  const open = (name: string, signal?: AbortSignal, range?: ByteRange) => {
    const url = fileUrl(root, name);
    const ask = async () => {
      const file = await download(url, { ...init, signal }, range);
      return file?.isPart ? file : file && check(name, file, signal);
    };
    return kept.open(url.href, ask, signal, range);
  };
  return {
    id: root.href,
    open,
    async readText(name, signal) {
      const file = await open(name, signal);
      return file && readText(name, file.stream, signal);
    },
    forget: () => kept.forget(),
    refresh: () => kept.refresh(),
  };
}

/** The absolute URL, if there is one: relative URLs of a page are resolved against its base, as for its own images. */
export function inFull(address: string): URL | undefined {
  const page = globalThis.document?.baseURI ?? globalThis.location?.href;
  // A worker made from a Blob has an origin, but no path on it.
  const base = page?.startsWith("blob:") && address.startsWith("/") ? location.origin : page;
  try {
    return new URL(address, base);
  } catch {
    return undefined;
  }
}

/** Whether fetch may support the scheme: in addition to http and https, there are those of extensions and apps. */
function isPlace({ href, protocol }: URL): boolean {
  const { location } = globalThis;
  if (!location) return protocol.startsWith("http");
  const own = protocol === location.protocol;
  return /^[a-z][\w+.-]+:\/\//.test(href) && (own || !/^(file|ftp|wss?|javascript):/.test(href));
}

function asFolderUrl(base: string | URL): URL {
  const url = inFull(String(base));
  const isOne = url && isPlace(url);
  if (isOne && !url.username && !url.password) return url;
  const got = isOne ? "one with a user name or a password" : quote(String(base));
  throw new ModelLoadError(
    `model: expected an http or https URL, got ${got}. Or pass files, or bytes by file name.`,
  );
}

function fileUrl(root: URL, name: string): URL {
  const url = new URL(root);
  url.pathname = `${root.pathname.replace(/\/+$/, "")}/${name.split("/").map(encodeURIComponent).join("/")}`;
  url.hash = "";
  return url;
}
