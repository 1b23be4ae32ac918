/** Reads a safetensors file as a stream: its header, then its tensors, with one of them in memory at a time. */
import { ModelLoadError, Vit8Error } from "../errors/errors.ts";
import {
  LENGTH_BYTES,
  parseSafetensorsHeader,
  readHeaderByteLength,
  type SafetensorsHeader,
  type TensorEntry,
  truncated,
} from "./safetensors-header.ts";

/** A file as a stream. */
export interface ByteStream {
  stream: ReadableStream<Uint8Array>;
  /** Length of the file in bytes, if the server sends it. */
  byteLength?: number;
  /** Headers of the server's response. */
  headers?: Headers;
  /** Whether these are only the bytes of the requested range. */
  isPart?: boolean;
}

export interface StreamOptions {
  signal?: AbortSignal;
  /** Called as bytes arrive, with the bytes received so far and the file's length if known. */
  onBytes?: (loadedBytes: number, totalBytes: number | undefined) => void;
}

export interface WeightsOptions extends StreamOptions {
  /** Expected SHA-256 of the only file: `sha256-` and base64, as in HTML. */
  integrity?: string;
  /** Requests only the bytes of the wanted tensors, if the folder supports it. A file that is not read in full has no SHA-256. */
  inParts?: boolean;
}

export type Wanted = (entry: TensorEntry) => boolean;
export type StreamedTensors = AsyncGenerator<{ entry: TensorEntry; bytes: Uint8Array }>;

/** A weights file whose header is read, before its tensors. */
export interface OpenWeights {
  readonly entries: readonly TensorEntry[];
  /**
   * Call once. Yields the wanted tensors in the order of their bytes, as each completes; `bytes` belong to the caller. Other tensors are
   * skipped.
   */
  tensors(wanted?: Wanted): StreamedTensors;
  /** Cancels the rest of the stream. Not needed after the last tensor. */
  close(): Promise<void>;
}

export interface OpenFile extends OpenWeights, SafetensorsHeader {
  readonly entries: TensorEntry[];
}

/**
 * Reads the header. Throws ModelFormatError for a damaged, truncated or too long file, ModelLoadError when the stream breaks, and the
 * signal's reason; so do its tensors.
 */
export async function openSafetensors(
  file: ByteStream,
  { signal, onBytes }: StreamOptions = {},
): Promise<OpenFile> {
  let total = file.byteLength;
  const source = new ByteSource(file.stream, signal, (loaded) => onBytes?.(loaded, total));
  try {
    const header = await takeHeader(source, file.byteLength);
    total = header.byteLength;
    return {
      ...header,
      tensors: (wanted) => takeTensors(source, header, wanted),
      close: () => source.close(),
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function* takeTensors(
  source: ByteSource,
  { entries, byteLength }: SafetensorsHeader,
  wanted?: Wanted,
): StreamedTensors {
  try {
    for (const entry of entries) {
      const length = entry.end - entry.begin;
      const held = wanted && !wanted(entry) ? undefined : await source.take(length);
      if ((held?.length ?? (await source.skip(length))) < length) throw truncated(byteLength, source.loaded);
      if (held) yield { entry, bytes: held };
    }
    if ((await source.skip(1)) > 0) throw truncated(byteLength, "more");
  } finally {
    await source.close();
  }
}

async function takeHeader(source: ByteSource, fileByteLength?: number): Promise<SafetensorsHeader> {
  const start = await source.take(LENGTH_BYTES);
  const text = await source.take(readHeaderByteLength(start, fileByteLength));
  const head = new Uint8Array(start.length + text.length);
  head.set(start);
  head.set(text, start.length);
  return parseSafetensorsHeader(head, fileByteLength);
}

/** Size of a tensor's first buffer. It grows only as bytes arrive, whatever size the header claims. */
const FIRST_ROOM_BYTES = 16 * 2 ** 20;

export class ByteSource {
  /** Bytes received so far. */
  loaded = 0;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #signal: AbortSignal | undefined;
  readonly #onLoaded: (loaded: number) => void;
  readonly #abort = () => void this.#reader.cancel(this.#signal?.reason).catch(() => {});
  #rest: Uint8Array = new Uint8Array(0);

  constructor(
    stream: ReadableStream<Uint8Array>,
    signal: AbortSignal | undefined,
    onLoaded: (n: number) => void,
  ) {
    this.#reader = stream.getReader();
    this.#signal = signal;
    this.#onLoaded = onLoaded;
    // a read that waits for the network ends only when its stream is canceled
    signal?.addEventListener("abort", this.#abort);
  }

  /** The next `count` bytes in a buffer of their own; fewer when the stream ends before. */
  async take(count: number): Promise<Uint8Array> {
    let room = new Uint8Array(Math.min(count, FIRST_ROOM_BYTES));
    const taken = await this.#pass(count, (piece, at) => {
      if (at + piece.length > room.length) room = grow(room, Math.min(count, 2 * room.length + piece.length));
      room.set(piece, at);
    });
    return taken === room.length ? room : room.slice(0, taken);
  }

  /** Passes over the next `count` bytes; returns how many there were. */
  skip(count: number): Promise<number> {
    return this.#pass(count, () => {});
  }

  async close(): Promise<void> {
    this.#signal?.removeEventListener("abort", this.#abort);
    await this.#reader.cancel().catch(() => {});
  }

  async #pass(count: number, use: (piece: Uint8Array, at: number) => void): Promise<number> {
    let at = 0;
    while (at < count && (await this.#fill())) {
      const piece = this.#rest.subarray(0, count - at);
      use(piece, at);
      this.#rest = this.#rest.subarray(piece.length);
      at += piece.length;
    }
    return at;
  }

  /** Reads until enough bytes are available; false at the end of the stream. */
  async #fill(): Promise<boolean> {
    while (this.#rest.length === 0) {
      this.#signal?.throwIfAborted();
      const { done, value } = await this.#read();
      this.#signal?.throwIfAborted();
      if (done) return false;
      this.#rest = value;
      this.loaded += value.length;
      this.#onLoaded(this.loaded);
    }
    return true;
  }

  async #read(): Promise<ReadableStreamReadResult<Uint8Array>> {
    try {
      return await this.#reader.read();
    } catch (cause) {
      this.#signal?.throwIfAborted();
      if (cause instanceof Vit8Error) throw cause;
      throw new ModelLoadError(
        `safetensors file: the stream stopped after ${this.loaded} bytes. Try again.`,
        {
          cause,
        },
      );
    }
  }
}

function grow(room: Uint8Array, byteLength: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(byteLength);
  larger.set(room);
  return larger;
}
