// The rows that a job has so far, in `<output>.parts`: each part is written to a temporary file and renamed, so that a job that ends at any
// time leaves complete parts, and the next start continues after them.

import { createReadStream } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { Vit8Error } from "../errors/errors.ts";
import { linesOf } from "./list.ts";
import { lineOf, type Row, rowOf } from "./row.ts";

const PART = /^\d{8}\.jsonl$/;

export class Parts {
  readonly #folder: string;
  #count: number;
  /** Rows in whole parts. */
  readonly done: number;
  readonly #last: Row | undefined;
  /** Number of rows with an error. */
  failed: number;

  private constructor(folder: string, found: { count: number; done: number; last?: Row; failed: number }) {
    this.#folder = folder;
    this.#count = found.count;
    this.done = found.done;
    this.#last = found.last;
    this.failed = found.failed;
  }

  /**
   * Opens the parts of an earlier start; `job` must be the same as then.
   * @throws Vit8Error if there are some and `resume` is false, or if they are of another job
   */
  static async open(output: string, job: Readonly<Record<string, unknown>>, resume: boolean): Promise<Parts> {
    const folder = `${output}.parts`;
    const begun = await readFile(path.join(folder, "job.json"), "utf8").catch(() => undefined);
    if (begun === undefined) {
      await mkdir(folder, { recursive: true });
      await writeWhole(path.join(folder, "job.json"), [JSON.stringify(job, null, 2)]);
      return new Parts(folder, { count: 0, done: 0, failed: 0 });
    }
    if (!resume)
      throw new Vit8Error(
        `${folder}: expected no folder, got an unfinished job. Continue it with --resume, or delete the folder.`,
      );
    checkSame(folder, JSON.parse(begun), job);
    return new Parts(folder, await counted(folder));
  }

  /** @throws Vit8Error if the key at the position where this job continues is another one than before. */
  checkPlace(row: number, key: string): void {
    if (!this.#last || row !== this.#last.row || key === this.#last.key) return;
    throw new Vit8Error(
      `${this.#folder}: expected image ${row} to be ${this.#last.key}, got ${key}. The input has changed: delete the folder to start again.`,
    );
  }

  async add(rows: readonly Row[]): Promise<void> {
    await writeWhole(this.#fileOf(this.#count++), rows.map(lineOf));
    this.failed += rows.filter(({ error }) => error !== undefined).length;
  }

  async *rows(): AsyncGenerator<Row> {
    for (let i = 0; i < this.#count; i++) yield* readPart(this.#fileOf(i));
  }

  remove(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }

  #fileOf(part: number): string {
    return path.join(this.#folder, `${String(part).padStart(8, "0")}.jsonl`);
  }
}

async function counted(folder: string) {
  const parts = (await readdir(folder)).filter((name) => PART.test(name)).sort();
  const found = { count: parts.length, done: 0, failed: 0, last: undefined as Row | undefined };
  for (const name of parts)
    for await (const row of readPart(path.join(folder, name))) {
      found.done++;
      found.last = row;
      if (row.error !== undefined) found.failed++;
    }
  return found;
}

async function* readPart(file: string): AsyncGenerator<Row> {
  for await (const line of linesOf(createReadStream(file))) yield rowOf(line);
}

function checkSame(
  folder: string,
  begun: Record<string, unknown>,
  job: Readonly<Record<string, unknown>>,
): void {
  for (const name of new Set([...Object.keys(begun), ...Object.keys(job)])) {
    const [was, is] = [begun[name], job[name]].map((value) => JSON.stringify(value) ?? "none");
    if (was === is) continue;
    throw new Vit8Error(
      `${folder}: expected ${name} ${was}, as in the unfinished job, got ${is}. Use the same ${name}, or delete the folder.`,
    );
  }
}

/** On the disk before it has its name. */
async function writeWhole(file: string, lines: readonly string[]): Promise<void> {
  const aside = `${file}.writing`;
  const handle = await open(aside, "w");
  try {
    await handle.writeFile(lines.join(""));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(aside, file);
}
