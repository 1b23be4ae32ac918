// WebGPU in Node, through the npm package `webgpu` (Dawn).

import { UnsupportedDeviceError } from "../errors/errors.ts";

/** Dawn's instance must stay reachable, or the process dies when it is collected. */
const held = globalThis as typeof globalThis & { vit8Gpu?: GPU };

/**
 * The GPU object of Node, made once per process; WebGPU's global constants are set beside it.
 * @throws UnsupportedDeviceError when the package is not installed.
 */
export async function nodeGpu(): Promise<GPU> {
  if (held.vit8Gpu) return held.vit8Gpu;
  const dawn = await import("webgpu").catch((cause) => {
    throw new UnsupportedDeviceError(
      "WebGPU in Node: the package `webgpu` is missing or broken; run `npm i webgpu`",
      { cause },
    );
  });
  Object.assign(globalThis, dawn.globals);
  held.vit8Gpu = dawn.create(["disable-dawn-features=timestamp_quantization"]) as GPU;
  return held.vit8Gpu;
}
