// WebGPU in Node, through the npm package `webgpu` (Dawn).

import { UnsupportedDeviceError } from "../errors/errors.ts";
import { remedyFor } from "./package.ts";

/** Dawn's instance must stay reachable, or the process dies when it is collected. */
const held = globalThis as typeof globalThis & { vit8Gpu?: GPU };

/**
 * The GPU object of Node, made once per process; WebGPU's global constants are set beside it.
 * @throws UnsupportedDeviceError when the package is missing or broken.
 */
export async function nodeGpu(): Promise<GPU> {
  if (held.vit8Gpu) return held.vit8Gpu;
  try {
    const dawn = await import("webgpu");
    Object.assign(globalThis, dawn.globals);
    held.vit8Gpu = dawn.create(["disable-dawn-features=timestamp_quantization"]) as GPU;
    return held.vit8Gpu;
  } catch (cause) {
    const { reason, remedy } = remedyFor("webgpu", cause);
    throw new UnsupportedDeviceError(`WebGPU in Node: ${reason}`, { cause, remedy });
  }
}

const bell = new Int32Array(new SharedArrayBuffer(4));
const LONGEST_NAP_MS = 2;

/**
 * Waits for the GPU without using a whole core: the package polls as often as the event loop turns, so each turn sleeps for a time that is
 * short compared to the wait so far, and throughout `atLeastMs`. This matters if the GPU is a software adapter that needs the core.
 */
export function restfulWait<T>(promise: Promise<T>, atLeastMs = 0): Promise<T> {
  const start = performance.now();
  let settled = false;
  const nap = () => {
    if (settled) return;
    const waitedMs = performance.now() - start;
    const shortMs = waitedMs > 1 ? Math.min(LONGEST_NAP_MS, waitedMs / 20) : 0;
    Atomics.wait(bell, 0, 0, Math.max(shortMs, atLeastMs - waitedMs));
    setImmediate(nap);
  };
  setImmediate(nap);
  return promise.finally(() => {
    settled = true;
  });
}
