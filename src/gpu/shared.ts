// One device for everyone on a page: opened by the first who asks, destroyed after the last who lets go.

import { type Gpu, type OpenOptions, openGpu } from "./gpu.ts";

let opening: Promise<Gpu> | undefined;
let holders = 0;

/** The shared device. Every call is paired with one of `releaseGpu`. */
export async function acquireGpu(options: OpenOptions): Promise<Gpu> {
  holders++;
  const mine = opening ?? openGpu(options);
  opening = mine;
  try {
    const gpu = await mine;
    // A lost device serves nobody: the next who asks opens another.
    void gpu.lost.then(() => {
      if (opening === mine) opening = undefined;
    });
    return gpu;
  } catch (error) {
    holders--;
    if (opening === mine) opening = undefined;
    throw error;
  }
}

export function releaseGpu(gpu: Gpu): void {
  if (--holders > 0) return;
  opening = undefined;
  gpu.destroy();
}
