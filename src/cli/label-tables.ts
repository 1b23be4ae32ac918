// Which class an image shows, as people write it down: a CSV with a header, lines of `file label`, a folder for each class.

import { readdir } from "node:fs/promises";
import path from "node:path";
import { Vit8Error } from "../errors/errors.ts";
import { quote } from "../format/fields.ts";
import { recordsIn } from "../jobs/csv.ts";
import { picturesIn } from "./pictures.ts";

/** A file and its class, as written in the table. */
export interface Labelling {
  /** Its position in the table, for an error. */
  readonly who: string;
  readonly name: string;
  readonly label: string;
}

const FILE_COLUMNS = ["file", "filename", "file_name", "image", "path", "image_path"];
const LABEL_COLUMNS = ["index", "label", "class", "target", "category"];

/** @throws Vit8Error for a header without a column of files and one of labels. */
export function rowsOfCsv(table: string, text: string): Labelling[] {
  const [header, ...records] = recordsIn(text);
  const heads = header.cells.map((cell) => cell.trim().toLowerCase());
  const columnOf = (names: readonly string[]) =>
    heads.indexOf(names.find((name) => heads.includes(name)) ?? "");
  const [file, label] = [columnOf(FILE_COLUMNS), columnOf(LABEL_COLUMNS)];
  if (file < 0 || label < 0)
    throw new Vit8Error(
      `${table}: expected a header with one of ${FILE_COLUMNS.join(", ")} and one of ${LABEL_COLUMNS.join(", ")}, got ${quote(header.cells.join(","))}. Rename the columns.`,
    );
  return records.map(({ line, cells }) => ({
    who: `${table} line ${line}`,
    name: (cells[file] ?? "").trim(),
    label: (cells[label] ?? "").trim(),
  }));
}

/** Separated by a tab, or by the last space before a number, or otherwise by the first space. */
export function rowsOfLines(table: string, lines: readonly string[]): Labelling[] {
  return lines.map((line, i) => {
    const [, name = "", label = ""] =
      /^([^\t]+)\t\s*(.+)$/.exec(line) ?? /^(.+\S)\s+(\d+)$/.exec(line) ?? /^(\S+)\s+(.+)$/.exec(line) ?? [];
    return { who: `${table} line ${i + 1}`, name, label: label.trim() };
  });
}

/**
 * For a folder with one folder for each class, as torchvision's ImageFolder: named by number or label, or one for each class of the model
 * in the order of their names. Undefined without folders, or with images beside them.
 */
export async function rowsOfFolders(
  folder: string,
  labels: readonly string[],
): Promise<Labelling[] | undefined> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  if (folders.length === 0) return undefined;
  const pictures = (await picturesIn(folder)).map((file) => path.relative(folder, file));
  const classOf = (file: string) => file.split(path.sep)[0];
  const used = [...new Set(pictures.map(classOf))].sort();
  if (used.some((name) => !folders.includes(name))) return undefined;
  const named = used.some((name) => classIndex(name, labels) !== undefined);
  const inOrder = !named && used.length === labels.length;
  return pictures.map((name) => ({
    who: path.join(folder, classOf(name)),
    name,
    label: inOrder ? String(used.indexOf(classOf(name))) : classOf(name),
  }));
}

/** A number, or a label of the model in any case, or one of its synonyms between commas. */
export function classIndex(label: string, labels: readonly string[]): number | undefined {
  if (/^\d{1,6}$/.test(label)) return Number(label);
  const plain = (text: string) => text.trim().toLowerCase().replaceAll("_", " ");
  const wanted = plain(label);
  const whole = labels.findIndex((name) => plain(name) === wanted);
  const index =
    whole >= 0 ? whole : labels.findIndex((name) => name.split(",").some((part) => plain(part) === wanted));
  return index >= 0 ? index : undefined;
}
