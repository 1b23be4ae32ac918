// One image of a job: its position in the input, its name, and how its bytes are read.

import { createHash } from "node:crypto";

export interface Entry {
  /** A path, an address, or the place in an archive: `shard.tar/cat.jpg`, `part.parquet#3`. */
  readonly key: string;
  /** The bytes of the file. @throws PictureError for what cannot be read or fetched; the signal's reason. */
  readonly read: (signal: AbortSignal) => Promise<Uint8Array>;
}

/** One of `count` equal parts of a job. */
export interface Shard {
  /** From 0 on. */
  readonly index: number;
  readonly count: number;
}

/** Which shard a key belongs to: by its SHA-256, so that shards are even, and the same on every machine. */
export function shardOf(key: string, count: number): number {
  return createHash("sha256").update(key).digest().readUInt32BE(0) % count;
}
