/** A model's folder on an http(s) server, the Hub's among them. */
import { ModelLoadError } from "../errors/errors.ts";
import { type Download, download } from "./download.ts";
import { quote } from "./fields.ts";
import type { HubOptions, ModelFolder } from "./folder.ts";
import { KeptFiles } from "./kept-files.ts";
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
  const check = async (name: string, file: Download) => {
    if (!name.endsWith(".safetensors")) return file;
    const integrity = await import("./integrity.ts").catch(() => undefined);
    return integrity?.withPointer(file, fileUrl(pointers, name)) ?? file;
  };
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
  const kept = new KeptFiles();
  const open = (name: string, signal?: AbortSignal) => {
    const url = fileUrl(root, name);
    const ask = async () => {
      const file = await download(url, { ...init, signal });
      return file && check(name, file);
    };
    return kept.open(url.href, ask, signal);
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
