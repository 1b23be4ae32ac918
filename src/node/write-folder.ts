// A folder written whole: under another name first, so that a reader finds all of it or nothing.

import { randomUUID } from "node:crypto";
import { mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { Vit8Error } from "../errors/errors.ts";

/** @throws Vit8Error when there is something of that name. */
export async function refuseExisting(directory: string): Promise<void> {
  if (await stat(directory).catch(() => undefined))
    throw new Vit8Error(
      `${directory}: expected a new folder, but it exists. Choose another, or pass --force to replace its model.`,
    );
}

/**
 * Writes `files`, each in pieces, and makes them `directory` by one rename. Where that folder exists its files of these
 * names are replaced, each by one rename, and others stay. On failure or abort nothing is left behind.
 */
export async function writeFolder(
  directory: string,
  files: ReadonlyMap<string, readonly Uint8Array[]>,
  signal?: AbortSignal,
): Promise<void> {
  const target = path.resolve(directory);
  const draft = `${target}.${randomUUID()}.tmp`;
  try {
    await mkdir(draft, { recursive: true });
    for (const [name, pieces] of files) await writeFile(path.join(draft, name), pieces, { signal });
    if (!(await stat(target).catch(() => undefined))) return await rename(draft, target);
    for (const name of files.keys()) await rename(path.join(draft, name), path.join(target, name));
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
