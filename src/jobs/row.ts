// The row of a job for each image.

import { Vit8Error } from "../errors/errors.ts";

export interface Row {
  /** The image's place in the whole input, from 0 on: what puts the rows of shards in order again. */
  readonly row: number;
  readonly key: string;
  /** Best first, as are `indices` and `scores`; empty where the model has no classes, or the image cannot be read. */
  readonly labels: readonly string[];
  readonly indices: readonly number[];
  readonly scores: readonly number[];
  /** [width of the model's embedding] f32; only if the job requests it. */
  readonly embedding?: Float32Array;
  /** Pixels of the upright image in its file; undefined if it cannot be read. */
  readonly width?: number;
  readonly height?: number;
  /** Why there is no result. */
  readonly error?: string;
}

/** The metadata of a file of rows. */
export interface Metadata {
  readonly vit8: string;
  readonly model: string;
  /** Of the weights file. */
  readonly sha256: string;
  /** For example `int8, exact`. */
  readonly arithmetic: string;
  /** The user's labels in their order, and the template of each; undefined if they are the model's. */
  readonly labels?: readonly string[];
  readonly template?: string;
  /** The day in UTC, so that the same job gives the same bytes. */
  readonly date: string;
  /** Width of an embedding; 0 without embeddings. */
  readonly embedding: number;
  /** Labels of each image. */
  readonly topK: number;
  /** Number of images of the whole input: the rows of all shards. */
  readonly pictures: number;
  /** `2/8`, from 0 on; absent in a whole one. */
  readonly shard?: string;
}

/** One line, which `rowOf` parses to the same row; an f32 has as many digits as are needed to parse to the same value. */
export function lineOf({ embedding, width, height, error, ...rest }: Row): string {
  const { row, key, labels, indices, scores } = rest;
  const vector = embedding && { embedding: Array.from(embedding) };
  return `${JSON.stringify({ row, key, labels, indices, scores, ...vector, width: width ?? null, height: height ?? null, error: error ?? null })}\n`;
}

export function rowOf(line: string): Row {
  const { embedding, width, height, error, ...rest } = JSON.parse(line);
  return {
    ...rest,
    ...(embedding && { embedding: Float32Array.from(embedding) }),
    ...(width !== null && { width, height }),
    ...(error !== null && { error }),
  };
}

/** How a kind of file is written and read. */
export interface RowFormat {
  /** Writes `file` from front to back. */
  readonly write: (file: string, rows: AsyncIterable<Row>, metadata: Metadata) => Promise<void>;
  readonly read: (file: string, metadata: Metadata) => AsyncIterable<Row>;
  /** For formats without a place for it: it is in `<file>.json`. */
  readonly readMetadata?: (file: string) => Promise<Metadata>;
}

/** @throws Vit8Error for text that is no metadata. */
export function metadataOf(text: string | undefined, file: string): Metadata {
  try {
    const metadata = JSON.parse(text ?? "");
    if (typeof metadata.sha256 === "string") return metadata;
  } catch {}
  throw new Vit8Error(
    `${file}: expected the metadata of a job, got something else. Is it from \`vit8 label\`?`,
  );
}
