// Threads of vit8's own worker: more workers of the same script, as many as the machine has cores.

import { MOST_THREADS, type Threads } from "../wasm/pool.ts";
import type { ThreadStart } from "../wasm/thread.ts";

/** Chromium lets a worker that is to end compute for two seconds more. */
const TERMINATED_MS = 2500;

/** The first message of a worker that is to be a thread. */
export interface ThreadRequest {
  readonly type: "thread";
  readonly start: Omit<ThreadStart, "ready" | "take">;
}

export function workerThreads(): Threads {
  const cores = navigator.hardwareConcurrency || 1;
  const alone = whyAlone();
  const most = alone ? 1 : Math.min(cores, MOST_THREADS);
  const enough =
    cores > most ? `no more than ${MOST_THREADS} are worth it` : `this machine runs ${cores} at once`;
  return { most, why: alone ?? enough, spawn };
}

function whyAlone(): string | undefined {
  if (!globalThis.crossOriginIsolated)
    return "the page is not isolated from other origins: serve it with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp";
  if (typeof SharedArrayBuffer === "undefined") return "there is no SharedArrayBuffer here";
  if (typeof Worker === "undefined") return "a worker starts no worker here";
  return undefined;
}

function spawn(start: Omit<ThreadStart, "ready" | "take">) {
  const worker = new Worker(location.href, { type: "module", name: "vit8 thread" });
  const ready = new Promise<void>((resolve, reject) => {
    worker.addEventListener("message", () => resolve(), { once: true });
    worker.addEventListener("error", ({ message }) => reject(new Error(message)));
    worker.addEventListener("messageerror", () => reject(new Error("thread: memory cannot be shared")));
  });
  worker.postMessage({ type: "thread", start } satisfies ThreadRequest);
  return {
    ready,
    terminate: async () => {
      worker.terminate();
      await new Promise((resolve) => setTimeout(resolve, TERMINATED_MS));
    },
  };
}
