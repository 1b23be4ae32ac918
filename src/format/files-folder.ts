/** A model's folder in hand: files that were chosen or dropped, or contents by name. */
import type { FileContents, ModelFolder } from "./folder.ts";
import { readText } from "./read-text.ts";
import type { ByteStream } from "./safetensors-stream.ts";

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
      return readText(name, new Response(content as BodyInit).body, signal);
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
