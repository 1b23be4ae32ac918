// The columns of a row that come from its image: classes, embedding, size; or its error.

import type { Classification } from "../classifier/answer.ts";
import type { ClassifyOptions } from "../classifier/api.ts";
import type { LabelledAnswer } from "../classifier/local-classifier.ts";
import { type ClosedPicture, readHeader } from "../node/picture.ts";
import type { NodePicture } from "../node/source.ts";
import type { Budget } from "./budget.ts";
import type { Row } from "./row.ts";

/** The bytes of an image's file, and what errors call it. */
export interface Encoded {
  readonly key: string;
  readonly bytes: Uint8Array;
}

export interface Asked {
  /** 0: no labels. */
  readonly topK: number;
  readonly embed: boolean;
  readonly signal: AbortSignal;
}

export type Columns = Omit<Row, "row" | "key">;

/** A result for each image, with its `topK` best classes if that is not 0. */
export type Answers = (
  pictures: readonly NodePicture[],
  options: ClassifyOptions,
) => Promise<PromiseSettledResult<LabelledAnswer>[]>;

const NOTHING = { labels: [], indices: [], scores: [] };

/** The columns of each image. Images are decoded together as long as the memory for their pixels lasts, and run together. @throws the signal's reason */
export async function columnsOf(
  images: readonly Encoded[],
  asked: Asked,
  answers: Answers,
  pixels: Budget,
): Promise<Columns[]> {
  const headers = await Promise.allSettled(images.map(({ bytes, key }) => readHeader(bytes, key)));
  const closed = headers.flatMap((header) => (header.status === "fulfilled" ? [header.value] : []));
  const columns: Columns[] = [];
  for (const batch of batchesOf(closed, pixels.bytes / 2))
    columns.push(...(await pixels.spend(bytesOf(batch), () => columnsOfBatch(batch, asked, answers))));
  let next = 0;
  return headers.map((header) => (header.status === "fulfilled" ? columns[next++] : failed(header.reason)));
}

async function columnsOfBatch(
  batch: readonly ClosedPicture[],
  { topK, embed, signal }: Asked,
  answers: Answers,
): Promise<Columns[]> {
  signal.throwIfAborted();
  const decoded = await Promise.allSettled(batch.map((picture) => picture.decode()));
  signal.throwIfAborted();
  const good = decoded.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const results = good.length && (topK || embed) ? await answers(good, { topK, signal }) : [];
  let next = 0;
  return decoded.map((picture) => {
    if (picture.status === "rejected") return failed(picture.reason);
    const answer = results[next++];
    if (answer?.status === "rejected") return failed(answer.reason);
    const { width, height } = picture.value;
    const classes = answer ? classColumns(answer.value.classes) : NOTHING;
    return { ...classes, ...(answer && embed && { embedding: answer.value.embedding }), width, height };
  });
}

const bytesOf = (batch: readonly ClosedPicture[]) =>
  batch.reduce((sum, { width, height }) => sum + width * height * 4, 0);

/** Runs of images whose pixels take at most `bytes`, or of a single one that takes more. */
function batchesOf(pictures: readonly ClosedPicture[], bytes: number): ClosedPicture[][] {
  const batches: ClosedPicture[][] = [];
  for (const picture of pictures) {
    const last = batches.at(-1);
    if (last && bytesOf([...last, picture]) <= bytes) last.push(picture);
    else batches.push([picture]);
  }
  return batches;
}

function classColumns(classes: readonly Classification[]): Pick<Row, "labels" | "indices" | "scores"> {
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
export function failed(error: unknown): Columns {
  const message = String(Object(error).message ?? error);
  return { ...NOTHING, error: message.replace(/( is damaged or truncated) \(.*\)\.$/s, "$1.") };
}
