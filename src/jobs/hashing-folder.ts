// The SHA-256 of a model's weights, taken while they are loaded.

import { createHash } from "node:crypto";
import type { ModelFolder } from "../format/folder.ts";

/** The same folder; `sha256` is that of the one file of weights that was read to its end, of several that of their lines. */
export function hashingFolder(folder: ModelFolder): { folder: ModelFolder; sha256: () => string } {
  const read = new Map<string, string>();
  // The whole file, whichever range is needed: the hash is of all of it.
  const open: ModelFolder["open"] = async (name, signal) => {
    const file = await folder.open(name, signal);
    if (!file || !name.endsWith(".safetensors")) return file;
    const hash = createHash("sha256");
    const watched = new TransformStream<Uint8Array, Uint8Array>({
      transform: (bytes, controller) => {
        hash.update(bytes);
        controller.enqueue(bytes);
      },
      flush: () => void read.set(name, hash.digest("hex")),
    });
    return { ...file, stream: file.stream.pipeThrough(watched) };
  };
  const sha256 = () => {
    const lines = [...read].sort().map(([name, hex]) => `${hex}  ${name}\n`);
    return read.size === 1
      ? [...read.values()][0]
      : createHash("sha256").update(lines.join("")).digest("hex");
  };
  return { folder: { ...folder, open }, sha256 };
}
