// Paths of the command line, checked before a model is loaded or anything is measured.

import { stat } from "node:fs/promises";
import { Vit8Error } from "../errors/errors.ts";

/** @throws Vit8Error for a path with nothing there, or a folder. */
export async function mustBeFile(file: string): Promise<void> {
  if (await isFolder(file)) throw new Vit8Error(`${file}: expected a file, got a folder.`);
}

/** @throws Vit8Error for a path with nothing there, or a file. */
export async function mustBeFolder(folder: string): Promise<void> {
  if (!(await isFolder(folder))) throw new Vit8Error(`${folder}: expected a folder, got a file.`);
}

/** @throws Vit8Error for a path with nothing there. */
export async function mustExist(place: string): Promise<void> {
  await isFolder(place);
}

async function isFolder(place: string): Promise<boolean> {
  const stats = await stat(place).catch((cause) => {
    const why = cause.code === "ENOENT" ? "ENOENT: no such file or directory" : cause.code;
    throw new Vit8Error(`${place}: cannot be read (${why}). Check the path.`, { cause });
  });
  return stats.isDirectory();
}
