// The files of a model as they were read, for other threads to load the same one.

import type { ModelFolder, NamedContents } from "../format/folder.ts";

export interface KeptFolder {
  /** The same folder. */
  readonly folder: ModelFolder;
  /** What was read of it: texts, and bytes in memory that threads share. No longer kept then. */
  readonly take: () => NamedContents;
  readonly forget: () => void;
}

export function keptFolder(folder: ModelFolder): KeptFolder {
  const texts = new Map<string, string>();
  const files = new Map<string, Uint8Array[]>();
  const readText: ModelFolder["readText"] = async (name, signal) => {
    const text = await folder.readText(name, signal);
    if (text !== undefined) texts.set(name, text);
    return text;
  };
  const open: ModelFolder["open"] = async (name, signal) => {
    const file = await folder.open(name, signal);
    if (!file) return file;
    const chunks: Uint8Array[] = [];
    const kept = new TransformStream<Uint8Array, Uint8Array>({
      transform: (bytes, controller) => {
        chunks.push(bytes);
        controller.enqueue(bytes);
      },
      flush: () => void files.set(name, chunks),
    });
    return { ...file, stream: file.stream.pipeThrough(kept) };
  };
  const take = () => {
    const all = new Map<string, string | Uint8Array>(texts);
    for (const [name, chunks] of files) all.set(name, shared(chunks));
    files.clear();
    return all as NamedContents;
  };
  return { folder: { ...folder, readText, open }, take, forget: () => files.clear() };
}

function shared(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(
    new SharedArrayBuffer(chunks.reduce((sum, { byteLength }) => sum + byteLength, 0)),
  );
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
