// The images of a job's inputs: files, folders, lists, URLs and archives, one after another, never all in memory.

import { stat } from "node:fs/promises";
import { Vit8Error } from "../errors/errors.ts";
import { isAddress } from "./address.ts";
import type { Entry } from "./entry.ts";
import { fileEntry, filesIn, isPictureName } from "./files.ts";
import { linesOf } from "./list.ts";

export interface InputOptions {
  readonly signal: AbortSignal;
  /** The input of `-`. */
  readonly stdin: AsyncIterable<Uint8Array | string>;
}

type Archive = (file: string, signal: AbortSignal) => AsyncIterable<Entry>;

/** Loaded only if there is an archive. */
const ARCHIVES: Readonly<Record<string, () => Promise<Archive>>> = {
  tar: async () => (await import("./tar.ts")).entriesOfTar,
  zip: async () => (await import("./zip.ts")).entriesOfZip,
  parquet: async () => (await import("./parquet-pictures.ts")).entriesOfParquet,
};

const suffixOf = (input: string) => /\.(\w+)$/.exec(input)?.[1].toLowerCase() ?? "";

export const isArchive = (input: string): boolean =>
  !isAddress(input) && Object.hasOwn(ARCHIVES, suffixOf(input));

/**
 * Reads each input in turn. A folder yields the images in it and below, by name. Any file that is neither an image nor an archive is a list
 * with a path or a URL on each line, and so is `-`, standard input.
 * @throws Vit8Error for an input that is missing or cannot be read.
 */
export async function* entriesOf(inputs: readonly string[], options: InputOptions): AsyncGenerator<Entry> {
  for (const input of inputs) yield* entriesOfOne(input, options);
}

async function* entriesOfOne(input: string, { signal, stdin }: InputOptions): AsyncGenerator<Entry> {
  if (input === "-") return yield* listed(linesOf(stdin));
  if (isAddress(input)) return yield fileEntry(input);
  const stats = await stat(input).catch((cause) => {
    throw new Vit8Error(`${input}: cannot be read (${cause.code}).`, { cause });
  });
  if (stats.isDirectory()) return yield* filesIn(input);
  const suffix = suffixOf(input);
  if (Object.hasOwn(ARCHIVES, suffix)) return yield* (await ARCHIVES[suffix]())(input, signal);
  if (isPictureName(input)) return yield fileEntry(input);
  const { createReadStream } = await import("node:fs");
  yield* listed(linesOf(createReadStream(input)));
}

async function* listed(lines: AsyncIterable<string>): AsyncGenerator<Entry> {
  for await (const line of lines) yield fileEntry(line);
}
