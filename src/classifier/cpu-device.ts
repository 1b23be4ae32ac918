// The CPU in the place of a GPU: the same weights and steps, computed in TypeScript on the thread that loads them.

import { UnsupportedDeviceError } from "../errors/errors.ts";
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
    async load(model, stream, { kernels }) {
      if (kernels)
        throw new UnsupportedDeviceError(
          `${model.id}: integer non-linear operations run on WebGPU only; on the CPU load with nonlinear exact or fast`,
        );
      const weights = new Map<string, Int8Array | Float32Array>();
      await stream((name, data) => weights.set(name, data));
      const backend = new CpuBackend(model, weights);
      backends.add(backend);
      return backend;
    },
    release: () => backends.clear(),
  };
}
