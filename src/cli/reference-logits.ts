// A file of reference logits: float32 rows, little-endian, in the order of labels.tsv.

import { readFile, stat } from "node:fs/promises";
import { Vit8Error } from "../errors/errors.ts";
import { mustBeFile } from "./paths.ts";

/** One row of `classes` logits for each image. @throws Vit8Error when the file is not exactly that long. */
export async function readReferenceLogits(
  file: string,
  pictures: number,
  classes: number,
): Promise<Float32Array[]> {
  const unreadable = (cause: NodeJS.ErrnoException): never => {
    throw new Vit8Error(`${file}: cannot be read (${cause.code}).`, { cause });
  };
  await mustBeFile(file);
  const expected = pictures * classes * 4;
  // Measured before it is read: a wrong file may be of any size, and a pipe without an end.
  const { size } = await stat(file).catch(unreadable);
  if (size !== expected)
    throw new Vit8Error(
      `${file}: expected ${pictures} rows of ${classes} float32 logits (${expected} bytes), one per image and class, got ${size} bytes.`,
    );
  const bytes = await readFile(file).catch(unreadable);
  const values = new Float32Array(Uint8Array.from(bytes).buffer);
  return Array.from({ length: pictures }, (_, i) => values.subarray(i * classes, (i + 1) * classes));
}
