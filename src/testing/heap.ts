// How much of the heap is in use once everything unreachable is gone.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Of JavaScript and of its ArrayBuffers. */
export async function settledHeapBytes(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  // Twice: objects that a finalizer releases are collected by the second.
  for (let i = 0; i < 2; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
