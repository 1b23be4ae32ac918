/** The interface of a model folder, and the arguments that name one. */
import type { ByteStream } from "./safetensors-stream.ts";

/** Bytes of a file, from the one at `begin` to the one before `end`. */
export interface ByteRange {
  readonly begin: number;
  readonly end: number;
}

/** A model folder. Implement it to load a model from a source of your own. */
export interface ModelFolder {
  /** Its name in messages and reports. */
  readonly id: string;
  /**
   * Reads a small file as text.
   * @returns undefined if the folder has no file with this name
   * @throws ModelLoadError for other failures
   */
  readText(name: string, signal?: AbortSignal): Promise<string | undefined>;
  /**
   * Opens a large file as a stream. With `range`, the stream may be only those bytes, and then has `isPart`.
   * @returns undefined if the folder has no file with this name
   * @throws ModelLoadError for other failures
   */
  open(name: string, signal?: AbortSignal, range?: ByteRange): Promise<ByteStream | undefined>;
  /** Deletes the cached copies of its files. @returns false if none was used */
  forget?(): Promise<boolean>;
  /** Makes the next load fetch the files whose cached copies differ from the server's. */
  refresh?(): Promise<void>;
}

/** How models of the Hub are fetched. */
export interface HubOptions {
  /**
   * A branch, a tag, a commit or `refs/pr/1`.
   * @default "main"
   */
  revision?: string;
  /** URL of the Hub. */
  endpoint?: string | URL;
  /** Headers of every request, such as a token. */
  headers?: Record<string, string>;
}

/** The contents of a file: bytes, or text. */
export type FileContents = Blob | ArrayBufferView | ArrayBuffer | string;
/** Files by name, as an object or as a Map. */
export type NamedContents = Record<string, FileContents> | Iterable<readonly [string, FileContents]>;
/** A model: a Hub id, a URL, the files of a folder, or a `ModelFolder`. */
export type ModelSource = ModelFolder | string | URL | Iterable<File> | NamedContents;
