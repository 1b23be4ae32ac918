/** What a model's folder is, and what names one. */
import type { ByteStream } from "./safetensors-stream.ts";

/** Bytes of a file, from the one at `begin` to the one before `end`. */
export interface ByteRange {
  readonly begin: number;
  readonly end: number;
}

export interface ModelFolder {
  /** What messages and reports call it. */
  readonly id: string;
  /** A small file as text; undefined when the folder has none of that name. Throws ModelLoadError on other failures. */
  readText(name: string, signal?: AbortSignal): Promise<string | undefined>;
  /**
   * A large file as a stream; undefined when the folder has none of that name. Of a `range` it may give those bytes alone, and say so with
   * `isPart`; otherwise it gives the whole file.
   */
  open(name: string, signal?: AbortSignal, range?: ByteRange): Promise<ByteStream | undefined>;
  /** Drops the copies of its files that were kept from an earlier load; false when none was used. */
  forget?(): Promise<boolean>;
  /** Has the next load fetch the files whose kept copies are no longer what the server has. */
  refresh?(): Promise<void>;
}

export interface HubOptions {
  /** A branch, a tag, a commit or `refs/pr/1`; default main. */
  revision?: string;
  endpoint?: string | URL;
  /** Goes with every request: a token, for instance. */
  headers?: Record<string, string>;
}

/** What files in hand may be, by name. */
export type FileContents = Blob | ArrayBufferView | ArrayBuffer | string;
/** Contents by name, as an object or as a Map. */
export type NamedContents = Record<string, FileContents> | Iterable<readonly [string, FileContents]>;
export type ModelSource = ModelFolder | string | URL | Iterable<File> | NamedContents;
