// A folder of images with the class of each.

import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { Vit8Error } from "../errors/errors.ts";
import { quote } from "../format/fields.ts";
import { decodeText } from "../format/read-text.ts";
import { classIndex, type Labelling, rowsOfCsv, rowsOfFolders, rowsOfLines } from "./label-tables.ts";
import { mustBeFolder } from "./paths.ts";

export interface LabelledPicture {
  /** Class index. */
  readonly index: number;
  readonly file: string;
}

const HEADER = ["index", "wnid", "label", "file"];

/**
 * The images of a folder and their classes, from the first of these that exists: labels.tsv; labels.csv with a header; labels.txt with
 * lines of `file label`; a folder for each class. A file is a path inside the folder, or a name that is looked up in the folder and its
 * subfolders. A class is a number, or one of the model's `labels`.
 * @throws Vit8Error with the line that is wrong, or whose file is ambiguous or outside, or if all files are missing
 */
export async function readLabelledPictures(
  folder: string,
  labels: readonly string[] = [],
): Promise<LabelledPicture[]> {
  await mustBeFolder(folder);
  const rows = await rowsOf(folder, labels);
  if (rows.length === 0)
    throw new Vit8Error(`${folder}: expected a line for each image, got none. Add lines to the table.`);
  const places = await filesByName(folder);
  const isThere = rows.some(({ name }) => places.has(path.normalize(name)));
  return rows.map(({ who, name, label }) => {
    const index = classIndex(label, labels);
    if (index === undefined)
      throw new Vit8Error(
        `${who}: expected a class of the model, got ${quote(label)}. Use its index, or one of the model's labels.`,
      );
    const found = places.get(path.normalize(name)) ?? [];
    // A missing file among others counts as a bad image, and its reader reports it.
    const isMissing = isThere && found.length === 0 && !/^(?:\.\.|[\\/])/.test(path.normalize(name));
    if (found.length !== 1 && !isMissing)
      throw new Vit8Error(
        `${who}: expected one file ${name} in the folder, searched recursively, got ${found.length}.`,
      );
    return { index, file: path.join(folder, found[0] ?? name) };
  });
}

/**
 * The names of labels.tsv by class index, lowest first.
 * @throws Vit8Error for a folder without labels.tsv, and for two names of one class
 */
export async function classNames(folder: string): Promise<Map<number, string>> {
  await mustBeFolder(folder);
  const table = path.join(folder, "labels.tsv");
  const lines = await linesOf(table);
  if (!lines)
    throw new Vit8Error(
      `${folder}: expected labels.tsv, whose names are the labels of a zero-shot model, found none. Write one.`,
    );
  const names = new Map<number, string>();
  for (const [i, { label }] of rowsOfTsv(table, lines).entries()) {
    const [index, name] = [Number(label), lines[i + 1].split("\t")[2].trim()];
    if (name === "" || (names.has(index) && names.get(index) !== name))
      throw new Vit8Error(
        `${table} line ${i + 2}: expected one name of class ${index}, got ${quote(name)}. Give each class one name.`,
      );
    names.set(index, name);
  }
  return new Map([...names].sort(([a], [b]) => a - b));
}

async function rowsOf(folder: string, labels: readonly string[]): Promise<Labelling[]> {
  const [tsv, csv, txt] = ["tsv", "csv", "txt"].map((end) => path.join(folder, `labels.${end}`));
  const lines = await linesOf(tsv);
  if (lines) return rowsOfTsv(tsv, lines);
  const records = await textOf(csv);
  if (records !== undefined) return rowsOfCsv(csv, records);
  const words = await linesOf(txt);
  const rows = words ? rowsOfLines(txt, words) : await rowsOfFolders(folder, labels);
  if (rows) return rows;
  throw new Vit8Error(
    `${folder}: expected labels.tsv, labels.csv, labels.txt or a folder for each class, got none. Add the class of each image.`,
  );
}

async function linesOf(table: string): Promise<string[] | undefined> {
  return (await textOf(table))?.split(/\r?\n/);
}

/** Without white space at its end; undefined without such a file. */
async function textOf(table: string): Promise<string | undefined> {
  const bytes = await readFile(table).catch((cause) => {
    if (cause.code === "ENOENT") return undefined;
    throw new Vit8Error(`${table}: cannot be read (${cause.code}).`, { cause });
  });
  return bytes && decodeText(bytes).trimEnd();
}

/** @throws Vit8Error for another header, or a line without a number and a file. */
function rowsOfTsv(table: string, [header, ...lines]: readonly string[]): Labelling[] {
  if (header !== HEADER.join("\t"))
    throw new Vit8Error(`${table}: expected the header ${HEADER.join(" ")}, separated by tabs.`);
  return lines.map((line, i) => {
    const [index, , , name] = line.split("\t");
    const who = `${table} line ${i + 2}`;
    if (!name || !/^\d{1,6}$/.test(index))
      throw new Vit8Error(`${who}: expected ${HEADER.join(", ")}, separated by tabs.`);
    return { who, name, label: index };
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
