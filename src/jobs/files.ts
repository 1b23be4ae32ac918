// Image files by path or address, and those of a folder.

import { readdir } from "node:fs/promises";
import path from "node:path";
import { Vit8Error } from "../errors/errors.ts";
import { readBytes } from "../node/picture.ts";
import { fetchPicture, isAddress } from "./address.ts";
import type { Entry } from "./entry.ts";

const PICTURE = /\.(?:jpe?g|png|webp|gif|avif|tiff?|bmp|svg)$/i;

export const isPictureName = (name: string) => PICTURE.test(name);

/** The same in a folder or an archive: there macOS puts the attributes of a.jpg into a file ._a.jpg. */
export const isPictureMember = (name: string) => isPictureName(name) && !/(?:^|\/)\._[^/]*$/.test(name);

/** A path or an address as it is written. */
export function fileEntry(name: string): Entry {
  return { key: name, read: (signal) => (isAddress(name) ? fetchPicture(name, signal) : readBytes(name)) };
}

/** The images of a folder and those below it, by name: the names of one folder are in memory at a time. Links to folders are not followed. */
export async function* filesIn(folder: string): AsyncGenerator<Entry> {
  const found = await readdir(folder, { withFileTypes: true }).catch((cause) => {
    throw new Vit8Error(`${folder}: cannot be read (${cause.code}).`, { cause });
  });
  // By code units: the same order in every locale.
  found.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const file of found) {
    const place = path.join(folder, file.name);
    if (file.isDirectory()) yield* filesIn(place);
    else if (isPictureMember(file.name)) yield fileEntry(place);
  }
}
