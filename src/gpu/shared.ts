// One device for everyone on a page: opened by the first who asks, destroyed after the last who lets go.

import { until } from "../errors/until.ts";
import { type Gpu, type OpenOptions, openGpu } from "./gpu.ts";

interface Shared {
  readonly opening: Promise<Gpu>;
  /** The number of its users, including those that wait for it. */
  users: number;
}

let current: Shared | undefined;
const sharedOf = new WeakMap<Gpu, Shared>();

/** The shared device. Every call that gives one is paired with one of `releaseGpu`; `signal` ends the wait of this caller alone. */
export async function acquireGpu(options: OpenOptions, signal?: AbortSignal): Promise<Gpu> {
  const shared = current ?? openShared(options);
  current = shared;
  shared.users++;
  try {
    const gpu = await until(signal, shared.opening);
    if (current === shared) return gpu;
  } catch (error) {
    letGo(shared);
    throw error;
  }
  // The device was lost meanwhile: open another.
  letGo(shared);
  return acquireGpu(options, signal);
}

export function releaseGpu(gpu: Gpu): void {
  letGo(sharedOf.get(gpu)!);
}

/** Destroys a device without users, also one that is still opening. */
function letGo(shared: Shared): void {
  if (--shared.users > 0) return;
  forget(shared);
  shared.opening.then((gpu) => gpu.destroy()).catch(() => {});
}

/** A device that could not be opened, or that was lost or released, is dropped: the next request opens another. */
function openShared(options: OpenOptions): Shared {
  const shared: Shared = { opening: openGpu(options), users: 0 };
  shared.opening.then(
    (gpu) => {
      sharedOf.set(gpu, shared);
      void gpu.lost.then(() => forget(shared));
    },
    () => forget(shared),
  );
  return shared;
}

function forget(shared: Shared): void {
  if (current === shared) current = undefined;
}
