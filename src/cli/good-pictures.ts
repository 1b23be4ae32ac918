// A bad image among many is reported, and the others are processed.

import type { PixelData } from "../classifier/picture.ts";
import { PictureError, Vit8Error } from "../errors/errors.ts";
import { loadSharp } from "../node/picture.ts";
import { readSource } from "../node/source.ts";
import type { Terminal } from "./terminal.ts";

/** The image, or its fault. */
export async function tryPicture(file: string, signal?: AbortSignal): Promise<PixelData | PictureError> {
  await loadSharp(); // a missing sharp is not the fault of an image
  return readSource(file, signal).catch((error) => {
    if (error instanceof PictureError) return error;
    throw error;
  });
}

/** In a line of its own on stderr. */
export function tellBad({ message }: PictureError, terminal: Terminal): void {
  terminal.tell(`vit8: ${message.replace(/\s*\n\s*/g, " ")}\n`);
}

/** The `items` whose files can be decoded; errors of the others are reported. @throws Vit8Error if there is none. */
export async function goodPictures<T>(
  items: readonly T[],
  fileOf: (item: T) => string,
  terminal: Terminal,
): Promise<T[]> {
  const good: T[] = [];
  for (const item of items) {
    terminal.signal.throwIfAborted();
    const picture = await tryPicture(fileOf(item), terminal.signal);
    if (picture instanceof PictureError) tellBad(picture, terminal);
    else good.push(item);
  }
  if (items.length > 0) refuseNone(good.length, items.length);
  return good;
}

/** @throws Vit8Error */
export function refuseNone(good: number, all: number): void {
  if (good === 0)
    throw new Vit8Error(`images: expected some that can be read, got none of ${all}. Check the files.`);
}
