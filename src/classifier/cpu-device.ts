// The CPU in the place of a GPU: the same weights and steps, computed in TypeScript on the thread that loads them.

import { CpuBackend } from "./cpu-backend.ts";
import type { Device } from "./device.ts";

/** @param why there is no GPU; absent: the CPU was asked for */
export function openCpuDevice(why?: string): Device {
  const backends = new Set<CpuBackend>();
  return {
    backend: "cpu",
    adapter: { vendor: "", architecture: "cpu", description: "TypeScript on the CPU", isFallback: true },
    advice: why ? `on the CPU, because ${why}` : "on the CPU, as was asked for",
    get bytes() {
      return [...backends].reduce((sum, { bytes }) => sum + bytes, 0);
    },
    async load(model, _, packed) {
      const weights = new Map<string, Int8Array | Float32Array>();
      for await (const [name, data] of packed) weights.set(name, data as Int8Array | Float32Array);
      const backend = new CpuBackend(model, weights);
      backends.add(backend);
      return backend;
    },
    release: () => backends.clear(),
  };
}
