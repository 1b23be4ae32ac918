// One device for everyone on a page: opened by the first who asks, destroyed after the last who lets go.

import { type Gpu, type OpenOptions, openGpu } from "./gpu.ts";

let current: Promise<Gpu> | undefined;
const holders = new WeakMap<Gpu, number>();

/** The shared device. Every call is paired with one of `releaseGpu`. */
export async function acquireGpu(options: OpenOptions): Promise<Gpu> {
  const opening = current ?? openShared(options);
  current = opening;
  const gpu = await opening;
  // Given back, or lost, between the asking and the answer: ask again.
  if (current !== opening) return acquireGpu(options);
  holders.set(gpu, (holders.get(gpu) ?? 0) + 1);
  return gpu;
}

export function releaseGpu(gpu: Gpu): void {
  const left = holders.get(gpu)! - 1;
  holders.set(gpu, left);
  if (left > 0) return;
  forget(gpu);
  gpu.destroy();
}

/** A device that could not be opened, or is lost or given back, serves nobody: the next who asks opens another. */
function openShared(options: OpenOptions): Promise<Gpu> {
  const opening = openGpu(options);
  opening.then(
    (gpu) => {
      void gpu.lost.then(() => forget(gpu));
    },
    () => {
      if (current === opening) current = undefined;
    },
  );
  return opening;
}

function forget(gpu: Gpu): void {
  void current?.then(
    (held) => {
      if (held === gpu) current = undefined;
    },
    () => {},
  );
}
