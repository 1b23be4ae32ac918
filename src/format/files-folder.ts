/** A model folder in memory: chosen or dropped files, or contents by name. */
import { ModelLoadError } from "../errors/errors.ts";
import type { FileContents, ModelFolder, NamedContents } from "./model-folder.ts";
import { readText } from "./read-text.ts";
import type { ByteStream } from "./safetensors-stream.ts";

/**
 * Opens a dropped or chosen folder, or contents by name. Of files with the same name, the one in the outermost folder is used.
 * @throws ModelLoadError for anything else, and if a file can no longer be read
 */
export function openFilesFolder(files: Iterable<File> | NamedContents): ModelFolder {
  const contents = contentsByPath(files);
  const find = (name: string, signal?: AbortSignal) => {
    signal?.throwIfAborted();
    return findOutermost(contents, name);
  };
  return {
    id: folderName(contents),
    async readText(name, signal) {
      const content = find(name, signal);
      if (content === undefined || typeof content === "string") return content;
      return readText(name, asStream(content).stream, signal);
    },
    async open(name, signal) {
      const content = find(name, signal);
      return content === undefined ? undefined : asStream(content);
    },
  };
}

/** Contents by path: the path of a File, the key of a Map or an object. null and undefined count as missing. */
export function contentsByPath(files: Iterable<File> | NamedContents): Map<string, FileContents> {
  if (isContent(files) || !(kindOf(files) === "Object" || Symbol.iterator in Object(files)))
    throw unexpected("model", "a Hub id, a URL, a directory (in Node), files, or bytes by file name", files);
  const items = Symbol.iterator in files ? [...files] : Object.entries(files);
  const entries = items.map((item) =>
    Array.isArray(item) ? (item as [string, FileContents]) : ([pathOf(item as File), item as File] as const),
  );
  for (const [path, content] of entries)
    if (!isContent(content ?? "")) throw unexpected(path, "a Blob, a File, bytes or text", content);
  return new Map(entries.filter(([, content]) => content != null));
}

function pathOf(file?: File): string {
  return file?.webkitRelativePath || String(file?.name);
}

/** By its tag, because the value may be from another realm. */
function isContent(value: unknown): value is FileContents {
  return ArrayBuffer.isView(value) || /^(String|Blob|File|(Shared)?ArrayBuffer)$/.test(kindOf(value));
}

function kindOf(value: unknown): string {
  return value == null ? String(value) : Object.prototype.toString.call(value).slice(8, -1);
}

function unexpected(who: string, expected: string, got: unknown): ModelLoadError {
  return new ModelLoadError(`${who}: expected ${expected}, got ${kindOf(got)}.`);
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
  if (typeof content === "object" && "stream" in content)
    return { stream: content.stream(), byteLength: content.size };
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
  if (!ArrayBuffer.isView(content)) return new Uint8Array(content);
  return new Uint8Array(content.buffer, content.byteOffset, content.byteLength);
}
