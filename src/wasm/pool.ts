// Threads that share out every call of a model, over one memory.

import type { Call } from "./kernels.ts";
import type { Exports } from "./module.ts";
import { shareOf } from "./share.ts";
import { CONTROL, type ThreadStart } from "./thread.ts";

/** A started thread. */
export interface Thread {
  /** Rejects where it does not start. */
  readonly ready: Promise<void>;
  /** Resolves once it touches no memory any more. */
  terminate(): unknown;
}

/** How a platform starts threads. */
export interface Threads {
  /** With the one that is there; 1 where no other can be. */
  readonly most: number;
  /** Why so many. */
  readonly why: string;
  spawn(start: Omit<ThreadStart, "ready">): Thread;
}

/** More do not pay: a step of a small model is shorter than the wait for the last of them. */
export const MOST_THREADS = 8;
/** A thread that does not answer for so long, or for ten times what the others took, is lost. */
const PATIENCE_MS = 1000;
/** Time to start; a machine under load takes its time. */
const START_MS = 10_000;

/** A thread did not answer. What it was to do is undone, and it may still write. */
export class ThreadLost extends Error {}

export class Pool {
  readonly #threads: readonly Thread[];
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;
  readonly #names: readonly string[];
  #call = 0;

  private constructor(threads: readonly Thread[], control: SharedArrayBuffer, exports: Exports) {
    this.#threads = threads;
    this.#words = new Int32Array(control);
    this.#numbers = new Float64Array(control);
    this.#names = Object.keys(exports);
  }

  /** As many as start; undefined where none does. */
  static async start(
    { most, spawn }: Threads,
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    exports: Exports,
  ): Promise<Pool | undefined> {
    const control = new SharedArrayBuffer(CONTROL.byteLength);
    const threads = Array.from({ length: Math.min(most, MOST_THREADS) - 1 }, (_, i) =>
      spawn({ module, memory, control, layout: CONTROL, index: i + 1 }),
    );
    const pool = new Pool(threads, control, exports);
    try {
      await within(START_MS, Promise.all(threads.map(({ ready }) => ready)));
      return pool;
    } catch {
      await pool.stop();
      return undefined;
    }
  }

  /** Threads, the caller's own among them. */
  get count(): number {
    return this.#threads.length + 1;
  }

  /** Shares a call out and does a share of it; thread i has scratch memory at `scratch(i)`. @throws ThreadLost */
  run(call: Call, exports: Exports, scratch: (thread: number) => number): void {
    const shares = Array.from({ length: this.count }, (_, i) => shareOf(call, i, this.count));
    this.#words[CONTROL.which] = this.#names.indexOf(call.name);
    this.#words[CONTROL.count] = call.args.length;
    this.#numbers.set(call.args, CONTROL.args);
    for (const [i, [from, to]] of shares.entries())
      this.#numbers.set([from, to, scratch(i)], CONTROL.shares + 3 * i);
    Atomics.store(this.#words, CONTROL.call, ++this.#call);
    Atomics.notify(this.#words, CONTROL.call);
    const start = performance.now();
    const [from, to] = shares[0];
    if (from < to) exports[call.name](from, to, ...call.args, scratch(0));
    const own = performance.now() - start;
    for (let i = 1; i < this.count; i++) this.#await(i, start + own + Math.max(PATIENCE_MS, 10 * own));
  }

  /** The thread looks at its place for a while, then sleeps. */
  #await(index: number, until: number): void {
    const at = CONTROL.done + index;
    const isDone = () => Atomics.load(this.#words, at) === this.#call;
    for (let i = 0; i < CONTROL.looks; i++) if (isDone()) return;
    while (!isDone()) {
      const left = until - performance.now();
      if (left <= 0) throw new ThreadLost(`thread ${index}: does not answer`);
      Atomics.wait(this.#words, at, Atomics.load(this.#words, at), left);
    }
  }

  /** Resolves once no thread touches the memory any more. */
  async stop(): Promise<void> {
    Atomics.store(this.#words, CONTROL.call, -1);
    Atomics.notify(this.#words, CONTROL.call);
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }
}

function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ThreadLost("threads: do not start")), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
