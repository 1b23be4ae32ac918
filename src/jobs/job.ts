// A job: one row for each image, even if the image fails.

import { setMaxListeners } from "node:events";
import type { Classification } from "../classifier/answer.ts";
import { groupsOf, inOrder } from "../classifier/in-order.ts";
import { readPicture } from "../node/picture.ts";
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

/** Rows and how many of them have an error. */
export interface JobReport {
  readonly rows: number;
  readonly failed: number;
}

/** Images in one call of the model. */
const GROUP = 8;
/** Groups that are read and decoded while one is classified. An image takes several turns of the event loop, which a model on the CPU holds up. */
const AHEAD = 8;
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
  const asked = remaining(job, parts, total);
  const groups = inOrder(groupsOf(asked, GROUP), AHEAD, (group) => answersOf(group, job, places));
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
  return { rows: parts.done + here, failed: parts.failed };
}

interface Asked extends Entry {
  readonly row: number;
}

/** The images of the shard that have no row yet; counts those of all shards. */
async function* remaining(job: Job, parts: Parts, total: { pictures: number }): AsyncGenerator<Asked> {
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

/** A group's rows: its images are decoded side by side, and run together. */
async function answersOf(group: readonly Asked[], job: Job, topK: number): Promise<Row[]> {
  const { labeler, embed, signal } = job;
  const decoded = await Promise.allSettled(
    group.map(async ({ key, read }) => readPicture(await read(signal), key)),
  );
  signal.throwIfAborted();
  const good = decoded.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const answers = good.length && (topK || embed) ? await labeler.answers(good, { topK, signal }) : [];
  let next = 0;
  return group.map(({ row, key }, i) => {
    const result = decoded[i];
    const empty = { row, key, labels: [], indices: [], scores: [] };
    if (result.status === "rejected") return { ...empty, error: messageOf(result.reason) };
    const answer = answers[next++];
    if (answer?.status === "rejected") return { ...empty, error: messageOf(answer.reason) };
    const { width, height } = result.value;
    return {
      ...empty,
      ...(answer && columnsOf(answer.value.classes)),
      ...(answer && embed && { embedding: answer.value.embedding }),
      width,
      height,
    };
  });
}

function columnsOf(classes: readonly Classification[]): Pick<Row, "labels" | "indices" | "scores"> {
  return {
    labels: classes.map(({ label }) => label),
    indices: classes.map(({ index }) => index),
    // Rounded to f32, as in every format.
    scores: classes.map(({ score }) => Math.fround(score)),
  };
}

/**
 * Without the details of damage from libvips: with several decoders at work they may be about another image, and rows must be the same
 * every time.
 */
function messageOf(error: unknown): string {
  return String(Object(error).message ?? error).replace(/( is damaged or truncated) \(.*\)\.$/s, "$1.");
}

async function* flat<T>(groups: AsyncIterable<readonly T[]>): AsyncGenerator<T> {
  for await (const group of groups) yield* group;
}

async function embeddingWidth(parts: Parts): Promise<number> {
  for await (const { embedding } of parts.rows()) if (embedding) return embedding.length;
  return 0;
}
