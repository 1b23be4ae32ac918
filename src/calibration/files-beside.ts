/** The files that a quantized folder copies from the float folder, byte for byte except for a byte order mark. */
import type { ModelFolder } from "../format/folder.ts";
import { readOptional } from "../format/optional.ts";

const NAMES = [
  "preprocessor_config.json",
  "processor_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "vocab.json",
  "merges.txt",
  "LICENSE",
];

/** The existing ones, by name. */
export async function filesBeside(
  folder: ModelFolder,
  signal?: AbortSignal,
): Promise<[string, Uint8Array[]][]> {
  const texts = await Promise.all(NAMES.map((name) => readOptional(folder, name, signal)));
  return NAMES.flatMap((name, i) => {
    const text = texts[i];
    return text === undefined ? [] : [[name, [new TextEncoder().encode(text)]]];
  });
}
