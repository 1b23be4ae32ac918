// Threads that share out every call of a model, over one memory.

import type { Call } from "./kernels.ts";
import type { Exports } from "./module.ts";
import { CONTROL, type ThreadStart, takeParts } from "./thread.ts";

/** A started thread. */
export interface Thread {
  /** Rejects if the thread does not start. */
  readonly ready: Promise<void>;
  /** Resolves once it touches no memory any more. */
  terminate(): unknown;
}

/** How a platform starts threads. */
export interface Threads {
  /** Including this one; 1 if no other can start. */
  readonly most: number;
  /** Why so many. */
  readonly why: string;
  spawn(start: Omit<ThreadStart, "ready" | "take">): Thread;
}

/** More do not pay: a step of a small model is shorter than the wait for the last of them. */
export const MOST_THREADS = 8;
/** Parts of a call for each thread: few, for each widens its own operands, and enough for a slow thread to do fewer. */
const PARTS = 4;
/** Numbers of calls; then they begin again. */
const MOST_CALLS = 0x3fffff;
/** A part that is not done after this time, or after ten times the time of the others, is lost with its thread. */
const PATIENCE_MS = 1000;
/** How long the last part is looked for before this thread sleeps too, and leaves its core to the one that has it. */
const LOOKS_MS = 0.05;
/** Time to start; a machine under load takes its time. */
const START_MS = 10_000;

/** A thread did not respond. Its part is not done, and it may still write. */
export class ThreadLost extends Error {}

export class Pool {
  readonly #threads: readonly Thread[];
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;
  readonly #places: ReadonlyMap<string, number>;
  readonly #takeParts: () => void;
  #calls = 0;

  private constructor(threads: readonly Thread[], control: SharedArrayBuffer, exports: Exports) {
    this.#threads = threads;
    this.#words = new Int32Array(control);
    this.#numbers = new Float64Array(control);
    this.#places = new Map(Object.keys(exports).map((name, i) => [name, i]));
    this.#takeParts = takeParts(control, CONTROL, Object.values(exports), 0);
  }

  /** As many threads as start; undefined if none does. */
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

  /** Publishes a call, and takes parts of it like the others; thread i has `scratchBytes` at `scratch` + i times as many. @throws ThreadLost */
  run({ name, units, grain, args }: Call, scratch: number, scratchBytes: number): void {
    const [words, numbers] = [this.#words, this.#numbers];
    const cut = Math.min(Math.ceil(units / grain), this.count * PARTS);
    words[CONTROL.which] = this.#places.get(name)!;
    words[CONTROL.count] = args.length;
    words[CONTROL.cut] = cut;
    numbers[CONTROL.units] = units;
    numbers[CONTROL.grain] = grain;
    numbers[CONTROL.scratch] = scratch;
    numbers[CONTROL.scratchBytes] = scratchBytes;
    numbers.set(args, CONTROL.args);
    Atomics.store(words, CONTROL.done, 0);
    this.#calls = (this.#calls + 1) & MOST_CALLS;
    Atomics.store(words, CONTROL.parts, this.#calls * (CONTROL.leftMask + 1) + cut);
    Atomics.notify(words, CONTROL.parts);
    const start = performance.now();
    this.#takeParts();
    this.#awaitLast(cut, performance.now() - start);
  }

  #awaitLast(cut: number, ownMs: number): void {
    const [words, { done, looks }] = [this.#words, CONTROL];
    const start = performance.now();
    for (let i = 1; Atomics.load(words, done) < cut; i++)
      if (i % looks === 0 && performance.now() - start > LOOKS_MS) break;
    for (;;) {
      const now = Atomics.load(words, done);
      if (now === cut) return;
      const leftMs = start + Math.max(PATIENCE_MS, 10 * ownMs) - performance.now();
      if (leftMs <= 0) throw new ThreadLost("a thread does not answer");
      Atomics.wait(words, done, now, leftMs);
    }
  }

  /** Resolves once no thread touches the memory any more. */
  async stop(): Promise<void> {
    Atomics.store(this.#words, CONTROL.parts, -1);
    Atomics.notify(this.#words, CONTROL.parts);
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
