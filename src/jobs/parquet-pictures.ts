// Images in a column of a Parquet file: bytes, or `{ bytes, path }` as Hugging Face data sets have them.

import { PictureError, Vit8Error } from "../errors/errors.ts";
import type { Entry } from "./entry.ts";
import { openParquet } from "./parquet-file.ts";

const NAMES = ["image", "picture", "img", "photo", "jpg", "png", "bytes"];
/** Images are big: so many in memory at a time. */
const ROWS = 64;

/** A row's key is its number: `part.parquet#3`. @throws Vit8Error for a damaged file, and for one without images. */
export async function* entriesOfParquet(file: string, signal: AbortSignal): AsyncGenerator<Entry> {
  const parquet = await openParquet(file);
  const column = pictureColumn(file, parquet.columns);
  let row = 0;
  for await (const rows of parquet.rows([column], ROWS)) {
    signal.throwIfAborted();
    for (const value of rows) {
      const key = `${file}#${row++}`;
      yield { key, read: async () => bytesOf(key, value[column]) };
    }
  }
}

function pictureColumn(file: string, columns: readonly string[]): string {
  const found =
    NAMES.find((name) => columns.includes(name)) ?? (columns.length === 1 ? columns[0] : undefined);
  if (found) return found;
  throw new Vit8Error(
    `${file}: expected a column of images named ${NAMES.join(", ")}, got ${columns.join(", ")}. Rename the column.`,
  );
}

function bytesOf(key: string, value: unknown): Uint8Array {
  const bytes = value instanceof Uint8Array ? value : (value as { bytes?: unknown } | null)?.bytes;
  if (bytes instanceof Uint8Array) return bytes;
  throw new PictureError(`${key}: expected the bytes of an image or { bytes, path }, got ${typeof bytes}.`);
}
