// Threads of Node for the kernels of the CPU.

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { MOST_THREADS, type Threads } from "../wasm/pool.ts";
import { takeParts, threadLoop } from "../wasm/thread.ts";

/** Their text is the whole program: a separate file would have to be found beside every bundle. */
const program = `
const { parentPort, workerData } = require("node:worker_threads");
(${threadLoop})({ ...workerData, take: ${takeParts}, ready: () => parentPort.postMessage("ready") });`;

export function nodeThreads(): Threads {
  const cores = availableParallelism();
  const most = Math.min(cores, MOST_THREADS);
  return {
    most,
    why: cores > most ? `no more than ${MOST_THREADS} are worth it` : `this machine runs ${cores} at once`,
    spawn(start) {
      const worker = new Worker(program, { eval: true, workerData: start });
      // Lets the process exit while the worker is idle.
      worker.unref();
      const ready = new Promise<void>((resolve, reject) => {
        worker.once("message", () => resolve());
        worker.once("error", reject);
        worker.once("exit", () => reject(new Error("thread: ended")));
      });
      ready.catch(() => {});
      worker.on("error", () => {});
      return { ready, terminate: () => worker.terminate() };
    },
  };
}
