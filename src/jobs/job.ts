// A job: one row for each image, even if the image fails.

import { setMaxListeners } from "node:events";
import { groupsOf, inOrder } from "../classifier/in-order.ts";
import { type Asked, failed } from "./columns.ts";
import { type Entry, type Shard, shardOf } from "./entry.ts";
import type { Labeler } from "./labeler.ts";
import { writeRows } from "./output.ts";
import { Parts } from "./parts.ts";
import type { Metadata, Row } from "./row.ts";

export interface Job {
  readonly entries: AsyncIterable<Entry>;
  readonly labeler: Labeler;
  readonly output: string;
  readonly topK: number;
  readonly embed: boolean;
  readonly resume: boolean;
  readonly shard?: Shard;
  /** The metadata that is known before the job has run. */
  readonly metadata: Omit<Metadata, "embedding" | "topK" | "pictures" | "shard">;
  readonly inputs: readonly string[];
  readonly signal: AbortSignal;
  /** Rows that are safe, those of an earlier start included, and those of this start. */
  readonly onProgress: (done: number, here: number) => void;
}

/** Images of the whole input, rows of the shard, and how many of these have an error. */
export interface JobReport {
  readonly pictures: number;
  readonly rows: number;
  readonly failed: number;
}

/** Images in one call of the model. */
const GROUP = 8;
/** Rows of a part: at most this number is lost when the process is killed. */
const PART_ROWS = 128;

/** @throws Vit8Error for an input or output that cannot be used; finished rows are kept for `resume`. */
export async function runJob(job: Job): Promise<JobReport> {
  const { labeler, output, topK, embed, shard, resume, metadata, signal } = job;
  // Every image on its way listens to it, which is more than Node expects.
  setMaxListeners(0, signal);
  const places = Math.min(topK, labeler.labels.length);
  const identity = {
    ...metadata,
    inputs: job.inputs,
    topK: places,
    embed,
    shard: shard ?? null,
    date: undefined,
  };
  const parts = await Parts.open(output, JSON.parse(JSON.stringify(identity)), resume);
  const total = { pictures: 0 };
  let here = 0;
  job.onProgress(parts.done, here);
  const left = groupsOf(remaining(job, parts, total), GROUP);
  const groups = inOrder(left, labeler.ahead, (group) => rowsOf(group, job, { topK: places, embed, signal }));
  for await (const rows of groupsOf(flat(groups), PART_ROWS)) {
    await parts.add(rows);
    here += rows.length;
    job.onProgress(parts.done + here, here);
  }
  const width = embed ? await embeddingWidth(parts) : 0;
  const whole = { ...metadata, embedding: width, topK: places, pictures: total.pictures };
  await writeRows(output, parts.rows(), {
    ...whole,
    ...(shard && { shard: `${shard.index}/${shard.count}` }),
  });
  await parts.remove();
  return { pictures: total.pictures, rows: parts.done + here, failed: parts.failed };
}

interface Entered extends Entry {
  readonly row: number;
}

/** The images of the shard that have no row yet; counts those of all shards. */
async function* remaining(job: Job, parts: Parts, total: { pictures: number }): AsyncGenerator<Entered> {
  const { shard, signal } = job;
  let mine = 0;
  for await (const entry of job.entries) {
    signal.throwIfAborted();
    const row = total.pictures++;
    if (shard && shardOf(entry.key, shard.count) !== shard.index) continue;
    parts.checkPlace(row, entry.key);
    if (mine++ >= parts.done) yield { ...entry, row };
  }
}

/** A group's rows: its files are read side by side. */
async function rowsOf(group: readonly Entered[], { labeler }: Job, asked: Asked): Promise<Row[]> {
  const files = await Promise.allSettled(group.map(({ read }) => read(asked.signal)));
  asked.signal.throwIfAborted();
  const images = files.flatMap((file, i) =>
    file.status === "fulfilled" ? [{ key: group[i].key, bytes: file.value }] : [],
  );
  const columns = await labeler.columns(images, asked);
  let next = 0;
  return group.map(({ row, key }, i) => {
    const file = files[i];
    return { row, key, ...(file.status === "fulfilled" ? columns[next++] : failed(file.reason)) };
  });
}

async function* flat<T>(groups: AsyncIterable<readonly T[]>): AsyncGenerator<T> {
  for await (const group of groups) yield* group;
}

async function embeddingWidth(parts: Parts): Promise<number> {
  for await (const { embedding } of parts.rows()) if (embedding) return embedding.length;
  return 0;
}
