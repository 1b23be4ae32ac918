// The images of a folder, whether anybody has labeled them or not.

import { readdir } from "node:fs/promises";
import path from "node:path";
import { Vit8Error } from "../errors/errors.ts";
import { isPictureMember } from "../jobs/files.ts";
import { mustBeFolder } from "./paths.ts";

/** Their paths, including those of subfolders, in the order of their names. @throws Vit8Error if there is none. */
export async function picturesIn(folder: string): Promise<string[]> {
  await mustBeFolder(folder);
  const names = await readdir(folder, { recursive: true }).catch((cause) => {
    throw new Vit8Error(`${folder}: expected a folder of images, but it cannot be read (${cause.code}).`, {
      cause,
    });
  });
  const pictures = names.filter(isPictureMember).sort();
  if (pictures.length === 0) throw new Vit8Error(`${folder}: expected images, got none.`);
  return pictures.map((name) => path.join(folder, name));
}
