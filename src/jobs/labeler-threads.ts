// A model on the CPU, once in each of several threads. Each has images of its own, so that no thread waits for another after every step,
// as those of one model do; and reading and writing have this thread for themselves.

import { availableParallelism, freemem } from "node:os";
import { Worker } from "node:worker_threads";
import { Vit8Error } from "../errors/errors.ts";
import { until } from "../errors/until.ts";
import type { Asked, Columns, Encoded } from "./columns.ts";
import { type Labeler, PIXEL_BYTES } from "./labeler.ts";
import type { ThreadReply, ThreadRequest, ThreadStart } from "./labeler-thread.ts";

/** Groups that the model of this thread labels first: a few images are done before the threads have started. */
const FIRST_GROUPS = 8;
/** Groups for each thread: one is labeled while the next is decoded. */
const GROUPS_A_THREAD = 2;
/** What a thread needs in addition to its model: its heap, and the images of its groups. */
const THREAD_BYTES = 128 << 20;

/** Of the heap: little lives longer than a group, and unlimited the heap would grow for thousands of images. */
const resourceLimits = { maxYoungGenerationSizeMb: 8 };

/** Beside the program, where the package is built. */
const SCRIPT = "./labeler-thread.js";

export interface Threads {
  readonly count: number;
  readonly start: () => Worker;
  /** Why there are fewer threads now. */
  readonly onLost: (why: string) => void;
}

/** As many threads as this machine has cores and memory for. @param modelBytes of one model in memory */
export function labelerThreads(
  modelBytes: number,
  startOf: () => Omit<ThreadStart, "pixelBytes">,
  onLost: (why: string) => void,
): Threads {
  const unused = process.constrainedMemory() - process.memoryUsage.rss();
  const free = Math.min(freemem(), unused > 0 ? unused : Number.POSITIVE_INFINITY);
  const room = Math.floor(free / 2 / (modelBytes + THREAD_BYTES));
  const count = Math.min(availableParallelism(), room);
  let workerData: ThreadStart | undefined;
  const start = () => {
    workerData ??= { ...startOf(), pixelBytes: PIXEL_BYTES / count };
    return new Worker(new URL(SCRIPT, import.meta.url), { workerData, resourceLimits });
  };
  return { count, start, onLost };
}

/** Has images labeled by the threads once they have started, and before that, or if they do not, by `first`. */
export function inThreads(first: Labeler, { count, start, onLost }: Threads): Labeler {
  const threads = new Set<Thread>();
  let groups = 0;
  const add = () => {
    const thread = new Thread(start(), (why) => {
      if (threads.delete(thread)) onLost(why);
    });
    threads.add(thread);
  };
  return {
    labels: first.labels,
    report: first.report,
    ahead: Math.max(first.ahead, count * GROUPS_A_THREAD),
    async columns(images, asked) {
      if (groups++ === FIRST_GROUPS) for (let i = 0; i < count; i++) add();
      const [thread] = [...threads].filter(({ ready }) => ready).sort((a, b) => a.groups - b.groups);
      const columns = await thread?.columns(images, asked);
      return columns ?? first.columns(images, asked);
    },
    async dispose() {
      const all = [...threads];
      threads.clear();
      await Promise.all([first.dispose(), ...all.map((thread) => thread.end())]);
    },
  };
}

interface Waiting {
  readonly resolve: (columns: Columns[] | undefined) => void;
  readonly reject: (reason: Error) => void;
}

class Thread {
  ready = false;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;

  /** @param onEnd called when it ends on its own */
  constructor(worker: Worker, onEnd: (why: string) => void) {
    this.#worker = worker;
    const lost = (why: string) => {
      this.ready = false;
      onEnd(why);
      for (const { resolve } of this.#waiting.values()) resolve(undefined);
      this.#waiting.clear();
    };
    worker.on("message", (reply: ThreadReply) => this.#receive(reply));
    worker.on("error", ({ message }) => lost(message));
    worker.on("exit", (code) => lost(`it ended with code ${code}`));
  }

  /** Groups that it has not answered. */
  get groups(): number {
    return this.#waiting.size;
  }

  /** Undefined if the thread is lost. */
  columns(images: readonly Encoded[], { signal, ...asked }: Asked): Promise<Columns[] | undefined> {
    const id = this.#asked++;
    // Copies, because a view is sent with all of its buffer, and what is moved is gone here.
    const copies = images.map(({ key, bytes }) => ({ key, bytes: new Uint8Array(bytes) }));
    const answer = new Promise<Columns[] | undefined>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
    const request: ThreadRequest = { id, images: copies, asked };
    this.#worker.postMessage(
      request,
      copies.map(({ bytes }) => bytes.buffer),
    );
    return until(signal, answer);
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #receive(reply: ThreadReply): void {
    if (reply.id === undefined) {
      this.ready = true;
      return;
    }
    const { resolve, reject } = this.#waiting.get(reply.id)!;
    this.#waiting.delete(reply.id);
    if ("columns" in reply) resolve(reply.columns);
    else reject(new Vit8Error(reply.message));
  }
}
