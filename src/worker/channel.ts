// One worker for all classifiers of a page that use one, so that they share its device. It ends with the last of them.

import type { LoadProgress } from "../classifier/model.ts";
import { DeviceError, DisposedError, UnsupportedDeviceError, type Vit8Error } from "../errors/errors.ts";
import { until, within } from "../errors/until.ts";
import { type Numbered, type Reply, type Request, receiveError } from "./messages.ts";
import { spawnWorker } from "./spawn.ts";

/** Its script, at most 140 kB compressed, downloads in this time; a slower server counts as not responding. */
const START_LIMIT_MS = 15_000;
/** After an abort, the worker usually replies within this time. */
const CLEAN_UP_MS = 20;

interface Call {
  readonly resolve: (value: never) => void;
  readonly reject: (reason: unknown) => void;
  readonly onProgress?: (progress: LoadProgress) => void;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: LoadProgress) => void;
  readonly transfer?: Transferable[];
  /** Called with a reply that arrives after the call was aborted. */
  readonly onLate?: () => void;
}

export class Channel {
  /** Resolves when the worker's script runs; rejects with UnsupportedDeviceError if it does not. */
  readonly started: Promise<void>;
  #worker: Worker | undefined;
  readonly #listening = new AbortController();
  readonly #calls = new Map<number, Call>();
  /** Why the worker can no longer be used. */
  #broken: Vit8Error | undefined;
  #lastId = 0;
  #holders = 0;

  /** The page's channel. Every call is paired with one of `release`. */
  static acquire(): Channel {
    shared ??= new Channel();
    shared.#holders++;
    return shared;
  }

  constructor() {
    this.started = within(START_LIMIT_MS, this.#start()).catch((cause) => {
      throw this.#break(
        new UnsupportedDeviceError(`worker: failed to start (${cause.message}).`, {
          cause,
          remedy: "Serve vit8/dist/worker.js next to the bundle, and allow it in the page's worker-src.",
        }),
      );
    });
    this.started.catch(() => {}); // passed to every call
  }

  /** The worker of the last holder ends; after a moment in which it can end its downloads itself, where some were under way. */
  release(momentMs = 0): void {
    if (--this.#holders > 0) return;
    if (shared === this) shared = undefined;
    setTimeout(() => this.#break(new DisposedError("classifier: disposed. Load the model again.")), momentMs);
  }

  /** The number for the next call. */
  nextId(): number {
    return ++this.#lastId;
  }

  /** The worker's reply. An aborted call ends when the worker replies, or soon after. */
  async call<T>(message: Numbered<Request>, options: CallOptions = {}): Promise<T> {
    const { signal, onLate = () => {} } = options;
    await until(signal, this.started);
    if (this.#broken) throw this.#broken;
    signal?.throwIfAborted();
    const answer = this.#ask<T>(message, options);
    const abort = () => this.#worker?.postMessage({ id: message.id, type: "abort" });
    signal?.addEventListener("abort", abort);
    try {
      return await until(signal, answer, CLEAN_UP_MS);
    } catch (error) {
      answer.then(onLate).catch(() => {});
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  #ask<T>(message: Numbered<Request>, { signal, onProgress, transfer = [] }: CallOptions): Promise<T> {
    const { id } = message;
    const answer = new Promise<T>((resolve, reject) => {
      this.#worker!.postMessage(message, transfer);
      const tell = (progress: LoadProgress) => signal?.aborted || onProgress?.(progress);
      this.#calls.set(id, { resolve, reject, onProgress: tell });
    });
    const forget = () => this.#calls.delete(id);
    answer.then(forget, forget);
    return answer;
  }

  /** Starts the worker, and waits for its first message. */
  async #start(): Promise<void> {
    const worker = spawnWorker();
    this.#worker = worker;
    const { signal } = this.#listening;
    worker.addEventListener("message", ({ data }) => this.#receive(data), { signal });
    await new Promise<unknown>((resolve, reject) => {
      worker.addEventListener("message", resolve, { once: true, signal });
      const fail = ({ message }: ErrorEvent) => reject(new Error(message || "its script failed to load"));
      worker.addEventListener("error", fail, { once: true, signal });
    });
    worker.addEventListener("error", ({ message }) => this.#break(fallen(message)), { signal });
    worker.addEventListener("messageerror", () => this.#break(fallen("an answer was lost")), { signal });
  }

  #receive({ id, ...reply }: Numbered<Reply>): void {
    const call = this.#calls.get(id);
    if ("progress" in reply) call?.onProgress?.(reply.progress);
    else if ("error" in reply) call?.reject(receiveError(reply.error));
    else call?.resolve(reply.value as never);
  }

  /** A worker that did not start, stopped, or lost its last holder: the next caller starts another. */
  #break(error: Vit8Error): Vit8Error {
    this.#broken = error;
    this.#end();
    for (const { reject } of this.#calls.values()) reject(error);
    return error;
  }

  #end(): void {
    if (shared === this) shared = undefined;
    this.#listening.abort();
    this.#worker?.terminate();
  }
}

function fallen(why: string): DeviceError {
  return new DeviceError(`worker: stopped (${why}). Load the model again.`);
}

let shared: Channel | undefined;
