/** A model's folder, wherever it is: on a server, on the Hub, or in hand as files or bytes. */
import { ModelLoadError } from "../errors/errors.ts";
import { quote } from "./fields.ts";
import type { ByteStream } from "./safetensors-stream.ts";

export interface ModelFolder {
  /** What messages and reports call it. */
  readonly id: string;
  /** A small file as text; undefined when the folder has none of that name. Throws ModelLoadError on other failures. */
  readText(name: string, signal?: AbortSignal): Promise<string | undefined>;
  /** A large file as a stream; undefined when the folder has none of that name. */
  open(name: string, signal?: AbortSignal): Promise<ByteStream | undefined>;
}

export interface HubOptions {
  revision?: string;
  endpoint?: string | URL;
}

/** What files in hand may be, by name. */
export type FileContents = Blob | Uint8Array | ArrayBuffer | string;
export type ModelSource = ModelFolder | string | URL | Iterable<File> | Record<string, FileContents>;

const HUB = "https://huggingface.co";
/** A config with 21,843 labels, twice, has 3 MB. */
const MAX_TEXT_BYTES = 32 * 2 ** 20;

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
  const base = `${String(endpoint).replace(/\/+$/, "")}/${id}/resolve/${encodeURIComponent(revision)}`;
  return { ...openUrlFolder(base), id };
}

/** Files beside one another on an http(s) server; a query after `base` goes with every request. */
export function openUrlFolder(base: string | URL, init: RequestInit = {}): ModelFolder {
  const root = asHttpUrl(base);
  const open = (name: string, signal?: AbortSignal) => request(fileUrl(root, name), { ...init, signal });
  return {
    id: root.href,
    readText: async (name, signal) => readWhole(name, await open(name, signal), signal),
    async open(name, signal) {
      const response = await open(name, signal);
      if (!response?.body) return undefined;
      return { stream: response.body, byteLength: contentLength(response.headers) };
    },
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

/** The answer; undefined when there is no such file. */
async function request(url: URL, init: RequestInit): Promise<Response | undefined> {
  const response = await fetch(url, init).catch((cause) => {
    init.signal?.throwIfAborted();
    const why = "no answer came: offline, an unknown host, or a server that does not allow this page (CORS)";
    throw new ModelLoadError(`${url.href}: ${why}`, { cause });
  });
  if (response.ok) return response;
  await response.body?.cancel().catch(() => {});
  if (response.status === 404) return undefined;
  throw new ModelLoadError(`${url.href}: expected the file, but the server said ${explain(response.status)}`);
}

function explain(status: number): string {
  if (status === 401 || status === 403)
    return `${status}: the model is private, gated, or not there; check its name`;
  if (status === 429) return "429: too many requests; wait a while";
  if (status >= 500) return `${status}: it has a fault of its own; try again later`;
  return String(status);
}

/** Bytes of the body; undefined when they are not told, or count what was compressed on the way. */
function contentLength(headers: Headers): number | undefined {
  const length = headers.get("content-length");
  const plain = /^(?:identity)?$/.test(headers.get("content-encoding") ?? "");
  return plain && length && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

/** The text of a body, read piece by piece so that a file of any size takes bounded memory. */
async function readWhole(
  name: string,
  body: Response | undefined,
  signal?: AbortSignal,
): Promise<string | undefined> {
  if (!body?.body) return body && "";
  const reader = body.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let byteLength = 0;
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      byteLength += piece.value.length;
      if (byteLength > MAX_TEXT_BYTES) {
        throw new ModelLoadError(`${name}: expected at most ${MAX_TEXT_BYTES} bytes of text, but more came`);
      }
      text += decoder.decode(piece.value, { stream: true });
    }
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof ModelLoadError) throw cause;
    throw new ModelLoadError(`${name}: reading broke off after ${byteLength} bytes; try again`, { cause });
  } finally {
    await reader.cancel().catch(() => {});
  }
  return text + decoder.decode();
}

/**
 * A dropped or chosen folder, or contents by name. Of files with one name, that of the outermost folder counts.
 * Throws ModelLoadError when a file can no longer be read.
 */
export function openFilesFolder(files: Iterable<File> | Record<string, FileContents>): ModelFolder {
  const contents = isIterable(files) ? byPath(files) : new Map(Object.entries(files));
  const find = (name: string, signal?: AbortSignal) => {
    signal?.throwIfAborted();
    return findOutermost(contents, name);
  };
  return {
    id: folderName(contents),
    async readText(name, signal) {
      const content = find(name, signal);
      if (content === undefined || typeof content === "string") return content;
      return readWhole(name, new Response(content as BodyInit), signal);
    },
    async open(name, signal) {
      const content = find(name, signal);
      return content === undefined ? undefined : asStream(content);
    },
  };
}

function isIterable(files: object): files is Iterable<File> {
  return Symbol.iterator in files;
}

function byPath(files: Iterable<File>): Map<string, FileContents> {
  return new Map([...files].map((file) => [file.webkitRelativePath || file.name, file]));
}

function findOutermost(contents: Map<string, FileContents>, name: string): FileContents | undefined {
  const paths = [...contents.keys()].filter((path) => path === name || path.endsWith(`/${name}`));
  const depth = (path: string) => path.split("/").length;
  const [outermost] = paths.sort((a, b) => depth(a) - depth(b));
  return outermost === undefined ? undefined : contents.get(outermost);
}

function folderName(contents: Map<string, FileContents>): string {
  const [first = ""] = contents.keys();
  return first.includes("/") ? first.slice(0, first.indexOf("/")) : "files";
}

function asStream(content: FileContents): ByteStream {
  if (content instanceof Blob) return { stream: content.stream(), byteLength: content.size };
  const bytes = asBytes(content);
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
  return { stream, byteLength: bytes.byteLength };
}

function asBytes(content: Exclude<FileContents, Blob>): Uint8Array {
  if (typeof content === "string") return new TextEncoder().encode(content);
  return content instanceof Uint8Array ? content : new Uint8Array(content);
}
