// Files of rows; the suffix selects the format.

import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { Vit8Error } from "../errors/errors.ts";
import { type Metadata, metadataOf, type Row, type RowFormat } from "./row.ts";

const FORMATS: Readonly<Record<string, () => Promise<RowFormat>>> = {
  jsonl: async () => (await import("./jsonl.ts")).jsonl,
  csv: async () => (await import("./csv.ts")).csv,
  parquet: async () => (await import("./parquet-rows.ts")).parquet,
};

/** @throws Vit8Error for another suffix. */
export async function formatOf(file: string): Promise<RowFormat> {
  const suffix = /\.(\w+)$/.exec(file)?.[1].toLowerCase() ?? "";
  if (Object.hasOwn(FORMATS, suffix)) return FORMATS[suffix]();
  throw new Vit8Error(`${file}: expected a name that ends with .jsonl, .csv or .parquet.`);
}

/** Aside first, so that a file of this name is always a whole one. */
export async function writeRows(file: string, rows: AsyncIterable<Row>, metadata: Metadata): Promise<void> {
  const format = await formatOf(file);
  const aside = `${file}.writing`;
  try {
    await format.write(aside, rows, metadata);
    if (!format.readMetadata) await writeFile(besides(file), `${JSON.stringify(metadata, null, 2)}\n`);
    await rename(aside, file);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}

/** @throws Vit8Error for a file that is not there, or that no job has written. */
export async function openRows(
  file: string,
): Promise<{ metadata: Metadata; rows: () => AsyncIterable<Row> }> {
  const format = await formatOf(file);
  const metadata = await (format.readMetadata ?? readBeside)(file);
  return { metadata, rows: () => format.read(file, metadata) };
}

const besides = (file: string) => `${file}.json`;

async function readBeside(file: string): Promise<Metadata> {
  const text = await readFile(besides(file), "utf8").catch((cause) => {
    throw new Vit8Error(
      `${besides(file)}: cannot be read (${cause.code}). It is written with ${file}; keep the two together.`,
      { cause },
    );
  });
  return metadataOf(text, besides(file));
}
