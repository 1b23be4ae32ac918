// A folder of pictures with labels.tsv: which class each of them shows.

import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { Vit8Error } from "../errors/errors.ts";
import { decodeText } from "../format/read-text.ts";

export interface LabelledPicture {
  /** Class index. */
  readonly index: number;
  readonly file: string;
}

const HEADER = ["index", "wnid", "label", "file"];

/**
 * The rows of labels.tsv in order. `file` is a path inside the folder, or a name that is looked up in the folder and below.
 * @throws Vit8Error naming the line that is wrong, or whose file is more than one or outside, or where all are missing.
 */
export async function readLabelledPictures(folder: string): Promise<LabelledPicture[]> {
  const table = path.join(folder, "labels.tsv");
  const bytes = await readFile(table).catch((cause) => {
    throw new Vit8Error(`${table}: cannot be read (${cause.code}); eval needs a folder of pictures with it`, {
      cause,
    });
  });
  const [header, ...lines] = decodeText(bytes).trimEnd().split(/\r?\n/);
  if (header !== HEADER.join("\t"))
    throw new Vit8Error(`${table}: expected the header ${HEADER.join(" ")}, separated by tabs`);
  if (lines.length === 0)
    throw new Vit8Error(`${table}: expected a line for each picture, but there is none`);
  const places = await filesByName(folder);
  const isThere = lines.some((line) => places.has(path.normalize(line.split("\t")[3] ?? "")));
  return lines.map((line, i) => {
    const [index, , , name] = line.split("\t");
    const who = `${table} line ${i + 2}`;
    if (!name || !/^\d{1,6}$/.test(index))
      throw new Vit8Error(`${who}: expected ${HEADER.join(", ")}, separated by tabs`);
    const found = places.get(path.normalize(name)) ?? [];
    // One that is missing among others is a bad picture, which whoever reads it tells.
    const isMissing = isThere && found.length === 0 && !/^(?:\.\.|[\\/])/.test(path.normalize(name));
    if (found.length !== 1 && !isMissing)
      throw new Vit8Error(`${who}: expected one file ${name} in the folder and below, found ${found.length}`);
    return { index: Number(index), file: path.join(folder, found[0] ?? name) };
  });
}

/** Paths inside the folder, by their whole and, where that is taken by no path, by their last part. */
async function filesByName(folder: string): Promise<Map<string, string[]>> {
  const files = await readdir(folder, { recursive: true });
  const places = new Map<string, string[]>();
  for (const file of files) {
    const name = path.basename(file);
    places.set(name, [...(places.get(name) ?? []), file]);
  }
  for (const file of files) places.set(file, [file]);
  return places;
}
