// A file written whole: under another name first, so that a reader finds all of it or nothing.

import { randomUUID } from "node:crypto";
import { rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { Vit8Error } from "../errors/errors.ts";

/** Before long work: @throws Vit8Error where the folder of the file is missing, or the file is a folder. */
export async function checkOutput(file: string): Promise<void> {
  const folder = path.dirname(path.resolve(file));
  const isFolder = async (at: string) => (await stat(at).catch(() => undefined))?.isDirectory() ?? false;
  if (!(await isFolder(folder)))
    throw new Vit8Error(
      `${file}: expected a file in a folder that exists, got a missing folder ${folder}. Create it.`,
    );
  if (await isFolder(file)) throw new Vit8Error(`${file}: expected a file, got a folder. Add a file name.`);
}

/** Writes a file in pieces. On failure or abort no partial file remains. @throws Vit8Error if it cannot be written */
export async function writeWhole(
  file: string,
  pieces: readonly (Uint8Array | string)[],
  signal?: AbortSignal,
): Promise<void> {
  const draft = `${file}.${randomUUID()}.tmp`;
  try {
    await writeFile(draft, pieces, { signal });
    await rename(draft, file);
  } catch (cause) {
    signal?.throwIfAborted();
    throw new Vit8Error(`${file}: cannot be written (${(cause as NodeJS.ErrnoException).code}).`, { cause });
  } finally {
    await rm(draft, { force: true });
  }
}
