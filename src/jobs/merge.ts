// The outputs of all shards as one file, in the order of the input.

import { Vit8Error } from "../errors/errors.ts";
import { openRows, writeRows } from "./output.ts";
import type { Metadata, Row } from "./row.ts";

/**
 * Writes `output` from the files of all shards of one job; they may be of any kind.
 * @returns its rows. @throws Vit8Error for shards of different jobs, and for an image that is missing or there twice.
 */
export async function mergeShards(output: string, files: readonly string[]): Promise<number> {
  const opened = await Promise.all(files.map(openRows));
  const [{ metadata: first }] = opened;
  opened.forEach(({ metadata }, i) => {
    checkSameJob(files[0], first, files[i], metadata);
  });
  const { shard: _, ...whole } = first;
  let next = 0;
  const checked = async function* () {
    for await (const row of inOrderOfRow(opened.map(({ rows }) => rows()))) {
      if (row.row < next)
        throw new Vit8Error(
          `${row.key}: expected image ${row.row} in one file, got it in two. Pass each shard once.`,
        );
      if (row.row > next) throw missing(next, first.pictures);
      next++;
      yield row;
    }
    if (next < first.pictures) throw missing(next, first.pictures);
  };
  await writeRows(output, checked(), {
    ...whole,
    embedding: Math.max(...opened.map((o) => o.metadata.embedding)),
  });
  return next;
}

const missing = (row: number, pictures: number) =>
  new Vit8Error(
    `image ${row} of ${pictures}: expected it in one of the files, got none. Pass the files of all shards.`,
  );

/** Not the model's name: on another machine its folder may be elsewhere. */
const SAME = ["sha256", "arithmetic", "labels", "template", "topK", "pictures"] as const;

function checkSameJob(file: string, first: Metadata, otherFile: string, other: Metadata): void {
  for (const name of SAME) {
    const [expected, got] = [first, other].map((metadata) => wordsOf(metadata[name]));
    if (expected === got) continue;
    throw new Vit8Error(
      `${otherFile}: expected ${name} ${expected}, as ${file} has it, got ${got}. Merge the shards of one job.`,
    );
  }
}

const wordsOf = (value: unknown) =>
  value === undefined ? "none" : Array.isArray(value) ? JSON.stringify(value) : String(value);

/** Each source is in order already. */
async function* inOrderOfRow(sources: readonly AsyncIterable<Row>[]): AsyncGenerator<Row> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  const heads = await Promise.all(iterators.map((iterator) => iterator.next()));
  for (;;) {
    let least = -1;
    heads.forEach(({ done, value }, i) => {
      if (!done && (least < 0 || value.row < heads[least].value.row)) least = i;
    });
    if (least < 0) return;
    yield heads[least].value;
    heads[least] = await iterators[least].next();
  }
}
