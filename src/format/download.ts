/** Downloads a file over http(s): failed requests are retried, interrupted bodies are resumed. */
import { ModelLoadError } from "../errors/errors.ts";
import { until } from "../errors/until.ts";
import { doubt } from "./absence.ts";
import type { ByteRange } from "./model-folder.ts";
import type { ByteStream } from "./safetensors-stream.ts";

export interface Download extends ByteStream {
  /** Headers of the first response. */
  headers: Headers;
}

/** Maximum number of consecutive failures without a mebibyte of progress in between. */
const TRIES = 5;
/** The same without any response: the address may be wrong, and the user is waiting. */
const TRIES_WITHOUT_ANSWER = 3;
const FIRST_WAIT_MS = 500;
/** The longest wait, even if Retry-After is longer. */
const LONGEST_WAIT_MS = 60_000;
/** A connection without data for this long counts as broken. */
const SILENCE_MS = 30_000;
const PROGRESS_BYTES = 2 ** 20;
/** Request timeout, too many requests, and temporary server errors. */
const PASSING = [408, 429, 500, 502, 503, 504];
const ABSENT = [404, 410];
const PARTIAL = 206;

/**
 * Requests the file; undefined if there is none (404, 410). Temporary failures are retried after 0.5, 1, 2 and 4 s, or after
 * Retry-After. An interrupted body is resumed by Range, or read again from the start if the server does not support Range.
 * @param range which bytes are needed; the stream starts there, and continues to the end of the file if the server does not support Range
 * @throws ModelLoadError, as the stream does, and the signal's reason
 */
export async function download(
  url: URL,
  init: RequestInit = {},
  range?: ByteRange,
): Promise<Download | undefined> {
  const transfer = new Transfer(url, init, range);
  const response = await transfer.begin();
  if (!response) return undefined;
  const { headers, status } = response;
  return {
    stream: new ReadableStream(transfer, { highWaterMark: 0 }),
    byteLength: byteLengthOf(headers),
    headers,
    isPart: status === PARTIAL,
  };
}

/** Identifies a version of a file; undefined if the server does not. */
export function versionOf(headers: Headers): string | undefined {
  // compressed or not, it is the same file
  const etag = headers.get("etag")?.replace(/^W\/|-gzip(?="$)/g, "");
  return etag ?? headers.get("last-modified") ?? undefined;
}

function byteLengthOf(headers: Headers): number | undefined {
  const length = headers.get("content-length");
  const plain = /^(?:identity)?$/.test(headers.get("content-encoding") ?? "");
  return plain && length && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

class Transfer implements UnderlyingDefaultSource<Uint8Array> {
  readonly #url: URL;
  readonly #init: RequestInit;
  readonly #signal: AbortSignal | undefined;
  readonly #abort = () => this.#stop(this.#signal?.reason);
  /** Aborted when no more bytes are needed. */
  readonly #end = new AbortController();
  #attempt = new AbortController();
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #version: string | undefined;
  /** End of the last byte that is needed; undefined if the server did not send it. */
  #total: number | undefined;
  /** Bytes of the file before the next one. */
  #loaded: number;
  /** Bytes of this body before the next one. */
  #skip = 0;
  #range: ByteRange | undefined;
  #failures = 0;
  #loadedAtFailure = 0;

  constructor(url: URL, { signal, ...init }: RequestInit, range?: ByteRange) {
    signal?.throwIfAborted();
    this.#range = range;
    this.#loaded = range?.begin ?? 0;
    this.#url = url;
    this.#init = init;
    this.#signal = signal ?? undefined;
    signal?.addEventListener("abort", this.#abort);
  }

  async begin(): Promise<Response | undefined> {
    try {
      const response = await this.#request();
      if (!response.ok && !ABSENT.includes(response.status)) throw this.#refused(response.status);
      if (!response.ok || !response.body) {
        this.cancel();
        return undefined;
      }
      const { body, headers, status } = response;
      this.#reader = body.getReader();
      this.#version = versionOf(headers);
      this.#total = byteLengthOf(headers);
      if (status === PARTIAL) this.#total &&= this.#total + this.#loaded;
      else {
        this.#skip = this.#loaded;
        this.#range = undefined;
      }
      return response;
    } catch (error) {
      this.cancel();
      throw error;
    }
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      const piece = await this.#next();
      if (piece) return controller.enqueue(piece);
      controller.close();
      this.cancel();
    } catch (error) {
      this.cancel();
      throw error;
    }
  }

  cancel(): void {
    this.#stop();
  }

  #stop(reason?: unknown): void {
    this.#signal?.removeEventListener("abort", this.#abort);
    this.#end.abort(reason);
    this.#attempt.abort(reason);
  }

  /** The next new bytes; undefined at the end of the file. */
  async #next(): Promise<Uint8Array | undefined> {
    for (;;) {
      let cause: unknown;
      try {
        const { done, value } = await this.#heard(this.#reader!.read());
        if (done && this.#loaded >= (this.#total ?? 0) && !this.#skip) return undefined;
        const piece = done ? undefined : this.#fresh(value);
        if (piece?.length) return piece;
        if (!done) continue;
      } catch (error) {
        this.#end.signal.throwIfAborted();
        cause = error;
      }
      await this.#resume(cause);
    }
  }

  #fresh(bytes: Uint8Array): Uint8Array {
    const piece = bytes.subarray(this.#skip);
    this.#skip -= bytes.length - piece.length;
    this.#loaded += piece.length;
    return piece;
  }

  async #resume(cause: unknown): Promise<void> {
    if (this.#loaded >= this.#loadedAtFailure + PROGRESS_BYTES) this.#failures = 0;
    this.#loadedAtFailure = this.#loaded;
    const got = `${this.#loaded} of ${this.#total ?? "unknown"} bytes`;
    await this.#rest(this.#error(`stopped after ${got}. Try again.`, cause));
    const { ok, status, headers, body } = await this.#request();
    if (!ok || !body) throw this.#refused(status);
    const whole = status !== PARTIAL;
    if (versionOf(headers) !== this.#version || !(whole ? this.#isAsLong(headers) : this.#goesOn(headers)))
      throw this.#error("changed on the server during the download. Load it again.");
    this.#skip = whole ? this.#loaded : 0;
    this.#reader = body.getReader();
  }

  #isAsLong(headers: Headers): boolean {
    return (byteLengthOf(headers) ?? this.#total) === this.#total;
  }

  /** Whether a partial response begins where the file stopped; a server of another origin may hide that. */
  #goesOn(headers: Headers): boolean {
    const start = /^bytes (\d+)-/.exec(headers.get("content-range") ?? "")?.[1];
    return !start || Number(start) === this.#loaded;
  }

  /** The first response that is not a temporary failure. */
  async #request(): Promise<Response> {
    for (;;) {
      let waitMs: number | undefined;
      let error: ModelLoadError;
      try {
        const response = await this.#heard(this.#fetch(this.#init));
        if (!PASSING.includes(response.status)) return response;
        this.#attempt.abort();
        error = this.#refused(response.status);
        waitMs = retryAfterMs(response.headers);
      } catch (cause) {
        this.#end.signal.throwIfAborted();
        error = await this.#unanswered(cause);
      }
      await this.#rest(error, waitMs);
    }
  }

  #fetch(init: RequestInit): Promise<Response> {
    this.#attempt = new AbortController();
    const headers = new Headers(init.headers);
    const end = this.#range?.end;
    if (end || (this.#loaded && this.#total))
      headers.set("range", `bytes=${this.#loaded}-${end ? end - 1 : ""}`);
    return fetch(this.#url, { ...init, headers, signal: this.#attempt.signal });
  }

  /** Waits for the network, up to the time limit. */
  async #heard<T>(step: Promise<T>): Promise<T> {
    const silence = new Error(`no data for ${SILENCE_MS / 1000} s`);
    const timer = setTimeout(() => this.#attempt.abort(silence), SILENCE_MS);
    try {
      return await step;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Waits before a retry; throws `error` after the last one, or if the wait would be too long. */
  async #rest(
    error: ModelLoadError,
    waitMs = FIRST_WAIT_MS * 2 ** this.#failures * (0.75 + Math.random() / 2),
  ) {
    if (++this.#failures === TRIES || waitMs > LONGEST_WAIT_MS || isOffline()) throw error;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const rested = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, waitMs);
    });
    await until(this.#end.signal, rested).finally(() => clearTimeout(timer));
  }

  async #unanswered(cause: unknown): Promise<ModelLoadError> {
    const { protocol } = this.#url;
    if (!protocol.startsWith("http")) {
      // An extension has no other response for a missing file.
      const why = `no such file, or ${protocol} URLs cannot be fetched from here`;
      throw doubt(this.#error(`${why}. Serve the folder over http or https, or pass its files.`, cause));
    }
    if (isOffline()) return this.#error("this device is offline. Connect it and try again.", cause);
    // Only at the second failure: the first may be temporary. Silence is not a refusal.
    const isSilent = this.#attempt.signal.aborted;
    if (!isSilent && this.#failures === 1 && (await this.#answersOpaquely())) {
      const why = "blocked by CORS. The server must send Access-Control-Allow-Origin.";
      // Many servers send that header with files, but not with errors.
      throw doubt(this.#error(why, cause));
    }
    const why = `no answer (${(cause as Error).message})`;
    const error = this.#error(`${why}. Check the URL and the server, and in a page its connect-src.`, cause);
    if (!this.#reader && this.#failures === TRIES_WITHOUT_ANSWER - 1) throw error;
    return error;
  }

  /** Whether a server of another origin responds, but the page may not read the response. */
  async #answersOpaquely(): Promise<boolean> {
    const { location } = globalThis;
    if (!location || location.origin === this.#url.origin) return false;
    const answered = await this.#heard(this.#fetch({ method: "HEAD", mode: "no-cors" })).catch(() => {});
    this.#end.signal.throwIfAborted();
    return answered !== undefined;
  }

  #refused(status: number): ModelLoadError {
    const error = this.#error(`expected a file, got ${explain(status)}`);
    // Some servers respond like this for a missing file: object stores send 403 if listing is not allowed.
    return status < 500 && !PASSING.includes(status) ? doubt(error) : error;
  }

  #error(what: string, cause?: unknown): ModelLoadError {
    return new ModelLoadError(`${this.#url.href}: ${what}`, { cause });
  }
}

function explain(status: number): string {
  if (status === 401 || status === 403)
    return `${status}. The model is private, gated or missing: check its name.`;
  if (status === 429) return "429, too many requests. Wait and try again.";
  if (status >= 500) return `${status}, a server error. Try again later.`;
  return `${status}.`;
}

/** Retry-After: seconds or a date. */
function retryAfterMs(headers: Headers): number | undefined {
  const text = headers.get("retry-after") ?? "";
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(waitMs) ? undefined : Math.max(0, waitMs);
}

function isOffline(): boolean {
  return globalThis.navigator?.onLine === false;
}
