/** A model's folder on an http(s) server, the Hub's among them. */
import { ModelLoadError } from "../errors/errors.ts";
import { type Download, download } from "./download.ts";
import { quote } from "./fields.ts";
import type { HubOptions, ModelFolder } from "./folder.ts";
import { readText } from "./read-text.ts";

const HUB = "https://huggingface.co";

/** Files at `endpoint`/`id`/resolve/`revision`/. Throws ModelLoadError when `id` is not `owner/name`. */
export function openHubFolder(
  id: string,
  { revision = "main", endpoint = HUB }: HubOptions = {},
): ModelFolder {
  if (!/^[\w-][\w.-]*\/[\w-][\w.-]*$/.test(id)) {
    throw new ModelLoadError(
      `model ${quote(id)}: expected owner/name, a URL, or a path beginning with / or ./`,
    );
  }
  const repository = `${String(endpoint).replace(/\/+$/, "")}/${id}`;
  const at = encodeURIComponent(revision);
  const pointers = asHttpUrl(`${repository}/raw/${at}`);
  // Beside a large file lies its Git LFS pointer, which tells the SHA-256: the header that does is on a redirect, unseen.
  const check = async (name: string, file: Download) =>
    name.endsWith(".safetensors")
      ? (await import("./integrity.ts")).withPointer(file, fileUrl(pointers, name))
      : file;
  return { ...openUrlFolder(`${repository}/resolve/${at}`, {}, check), id };
}

/**
 * Files beside one another on an http(s) server; a query after `base` goes with every request. A file from the server
 * passes `check` before anybody sees or keeps it.
 */
export function openUrlFolder(
  base: string | URL,
  init: RequestInit = {},
  check = async (_name: string, file: Download) => file,
): ModelFolder {
  const root = asHttpUrl(base);
  // Asked for now, so that it is there by the time that a GPU is; without it every load asks the server.
  const keeping = "caches" in globalThis ? import("./kept-files.ts").catch(() => undefined) : undefined;
  const keptFiles = keeping?.then((module) => module && new module.KeptFiles());
  const open = async (name: string, signal?: AbortSignal) => {
    const url = fileUrl(root, name);
    const ask = async () => {
      const file = await download(url, { ...init, signal });
      return file && check(name, file);
    };
    const kept = await keptFiles;
    return kept ? kept.open(url.href, ask, signal) : ask();
  };
  return {
    id: root.href,
    open,
    async readText(name, signal) {
      const file = await open(name, signal);
      return file && readText(name, file.stream, signal);
    },
    forget: async () => (await keptFiles)?.forget() ?? false,
    refresh: async () => (await keptFiles)?.refresh(),
  };
}

function asHttpUrl(base: string | URL): URL {
  const page = globalThis.location?.href;
  let url: URL | undefined;
  try {
    url = new URL(base, page?.startsWith("http") ? page : undefined);
  } catch {
    // told below
  }
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new ModelLoadError(
    `model ${quote(String(base))}: expected an http or https address, but it is not one`,
  );
}

function fileUrl(root: URL, name: string): URL {
  const url = new URL(root);
  url.pathname = `${root.pathname.replace(/\/+$/, "")}/${name.split("/").map(encodeURIComponent).join("/")}`;
  url.hash = "";
  return url;
}
