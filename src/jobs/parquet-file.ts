// Parquet files, read some rows at a time.

import { Vit8Error } from "../errors/errors.ts";
import { needed } from "./package.ts";

export interface ParquetFile {
  /** Names of the columns at the top. */
  readonly columns: readonly string[];
  readonly metadata: ReadonlyMap<string, string>;
  /** All rows of these columns, in groups of at most `size`. */
  rows(columns: readonly string[], size: number): AsyncGenerator<Record<string, unknown>[]>;
}

/** @throws Vit8Error for a file that is no Parquet file, or is damaged. */
export async function openParquet(file: string): Promise<ParquetFile> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } = await needed(
    "hyparquet",
    file,
    () => import("hyparquet"),
  );
  const { compressors } = await needed("hyparquet-compressors", file, () => import("hyparquet-compressors"));
  const damaged = (cause: Error): never => {
    throw new Vit8Error(`${file}: cannot be read as a Parquet file (${cause.message}).`, {
      cause,
    });
  };
  const buffer = await asyncBufferFromFile(file).catch(damaged);
  const metadata = await parquetMetadataAsync(buffer).catch(damaged);
  return {
    columns: parquetSchema(metadata).children.map(({ element }) => element.name),
    metadata: new Map(metadata.key_value_metadata?.map(({ key, value }) => [key, value ?? ""])),
    async *rows(columns, size) {
      let begin = 0;
      for (const { num_rows } of metadata.row_groups) {
        const end = begin + Number(num_rows);
        for (let rowStart = begin; rowStart < end; rowStart += size) {
          const rowEnd = Math.min(end, rowStart + size);
          const options = {
            file: buffer,
            metadata,
            columns: [...columns],
            compressors,
            utf8: false,
            rowStart,
            rowEnd,
          };
          yield await parquetReadObjects(options).catch(damaged);
        }
        begin = end;
      }
    },
  };
}
