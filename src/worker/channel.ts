// One worker for all classifiers of a page that ask for one, so that they share its device; it ends with the last of them.

import type { LoadProgress } from "../classifier/model.ts";
import { DeviceError } from "../errors/errors.ts";
import { until } from "../errors/until.ts";
import { type Numbered, type Reply, type Request, receiveError } from "./messages.ts";
import { spawnWorker } from "./spawn.ts";

interface Call {
  readonly resolve: (value: never) => void;
  readonly reject: (reason: unknown) => void;
  readonly onProgress?: (progress: LoadProgress) => void;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: LoadProgress) => void;
  readonly transfer?: Transferable[];
}

export class Channel {
  readonly #worker = spawnWorker();
  readonly #calls = new Map<number, Call>();
  #lastId = 0;
  #holders = 0;

  /** The page's channel. Every call is paired with one of `release`. */
  static acquire(): Channel {
    shared ??= new Channel();
    shared.#holders++;
    return shared;
  }

  constructor() {
    this.#worker.addEventListener("message", ({ data }) => this.#receive(data));
    this.#worker.addEventListener("error", ({ message }) => this.#break(message));
  }

  /** The worker of the last holder ends; after a moment in which it can end its downloads itself, where some were under way. */
  release(momentMs = 0): void {
    if (--this.#holders > 0) return;
    if (shared === this) shared = undefined;
    setTimeout(() => this.#worker.terminate(), momentMs);
  }

  /** The number for the next call. */
  nextId(): number {
    return ++this.#lastId;
  }

  /** What the worker answers. An aborted call is over at once; the worker, which may be busy, leaves nothing of it. */
  async call<T>(message: Numbered<Request>, options: CallOptions = {}): Promise<T> {
    const { signal, onProgress, transfer = [] } = options;
    const { id } = message;
    signal?.throwIfAborted();
    const answer = new Promise<T>((resolve, reject) => {
      this.#worker.postMessage(message, transfer);
      this.#calls.set(id, { resolve, reject, onProgress });
    });
    try {
      return await until(signal, answer);
    } catch (error) {
      if (!signal?.aborted) throw error;
      this.#worker.postMessage({ id, type: "abort" });
      throw signal.reason;
    } finally {
      this.#calls.delete(id);
    }
  }

  #receive({ id, ...reply }: Numbered<Reply>): void {
    const call = this.#calls.get(id);
    if ("progress" in reply) call?.onProgress?.(reply.progress);
    else if ("error" in reply) call?.reject(receiveError(reply.error));
    else call?.resolve(reply.value as never);
  }

  /** A worker that did not start, or fell: whoever asks next gets another. */
  #break(why = "its script did not load"): void {
    if (shared === this) shared = undefined;
    const error = new DeviceError(
      `worker: stopped: ${why}; load the model again, or without { worker: true }`,
    );
    for (const { reject } of this.#calls.values()) reject(error);
  }
}

let shared: Channel | undefined;
