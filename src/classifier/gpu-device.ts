// The GPU of a page or of Node, shared by all its classifiers, and what loading a model on it takes.

import { DeviceError, UnsupportedDeviceError } from "../errors/errors.ts";
import { Arena } from "../gpu/arena.ts";
import type { Gpu, Wait } from "../gpu/gpu.ts";
import { acquireGpu, releaseGpu } from "../gpu/shared.ts";
import { isInteger } from "../lower/arithmetic.ts";
import type { Packed } from "../lower/pack/packer.ts";
import type { Threads } from "../wasm/pool.ts";
import type { TextCache } from "./cache.ts";
import type { Compared } from "./compared.ts";
import type { Device } from "./device.ts";
import { compileAhead, GpuBackend, refusal } from "./gpu-backend.ts";
import { keepTuning, tuningOf } from "./tunings.ts";

/** How a platform reaches its GPU. */
export interface GpuAccess {
  /** The WebGPU entry point; undefined: `navigator.gpu`. */
  readonly gpu?: () => Promise<GPU>;
  /** How to wait for the GPU; absent: just wait. */
  readonly wait?: Wait;
  /** How to start threads for the CPU; default: this thread computes. */
  readonly threads?: () => Promise<Threads>;
  /** Reject a software adapter, which is slower than the CPU itself, and a GPU that is measured to be slower. */
  readonly onlyIfFaster?: boolean;
  /** Maximum GPU time of one submit; undefined where there is no screen to keep responsive. */
  readonly sliceMs?: number;
  /** The cache of measured choices between visits; default: none. */
  readonly cache?: TextCache;
}

/** @throws UnsupportedDeviceError without WebGPU, or, with `onlyIfFaster`, for a software adapter; the signal's reason. */
export async function openGpuDevice(
  { gpu: entry, wait, sliceMs, cache, onlyIfFaster, threads }: GpuAccess,
  signal?: AbortSignal,
): Promise<Device> {
  const gpu = await acquireGpu({ gpu: await entry?.(), wait }, signal);
  const { adapter } = gpu;
  const remedy = adapter.isFallback ? await hardwareRemedy() : undefined;
  if (onlyIfFaster && remedy !== undefined) {
    releaseGpu(gpu);
    throw new UnsupportedDeviceError(`WebGPU has only ${SOFTWARE}`, { remedy });
  }
  let compared: Compared | undefined;
  return {
    backend: "webgpu",
    adapter,
    machine: gpu.capabilities,
    advice: remedy === undefined ? undefined : { reason: `Running on ${SOFTWARE}`, remedy },
    get bytes() {
      return gpu.bytes;
    },
    get compared() {
      return compared;
    },
    async compare(model, arithmetic, program, autotune = true) {
      if (!onlyIfFaster || !autotune) return;
      // Also optional: if it does not load, the GPU is used.
      const it = await import("./compared.ts").catch(() => undefined);
      const comparison = { gpu, model, arithmetic, program, threads: await threads?.(), cache };
      compared = await it?.refuseSlowGpu(comparison);
    },
    async streamed({ precision, nonlinear }, autotune = true) {
      const { software, features, int8Matrices } = gpu.capabilities;
      const asked = autotune && precision === "int8" && !isInteger(nonlinear);
      // Matrix units are worth more than half of the stream.
      if (software || !asked || !features.has("shader-f16") || int8Matrices.size > 0) return undefined;
      const tuning = await tuningOf(gpu, cache);
      // The same: without it the stream is f32.
      return import("./half-stream.ts")
        .then(({ halfStream }) => halfStream(gpu, tuning))
        .catch(() => undefined);
    },
    async load(model, program, packed, autotune = !gpu.capabilities.software) {
      const compiling = compileAhead(gpu, program).catch(() => {});
      const weights = await uploadWeights(gpu, model.id, packed);
      const tuning = autotune ? await tuningOf(gpu, cache) : undefined;
      // Optional: if it does not load, kernels are chosen from the table.
      const tune = tuning && (await import("../scheduler/tune.ts").catch(() => undefined));
      const choose = tuning && tune?.chooseByMeasuring(gpu, tuning);
      const keep = tuning && (() => keepTuning(gpu, tuning, cache));
      return new GpuBackend(gpu, model, weights, { sliceMs, choose, compiling, keep });
    },
    lost: gpu.lost,
    release: () => releaseGpu(gpu),
  };
}

const SOFTWARE = "a software adapter, which is slower than the CPU.";

async function hardwareRemedy(): Promise<string> {
  return (await import("../gpu/remedies.ts").catch(() => undefined))?.HARDWARE ?? "";
}

/** Half a model is never left there: on any failure everything is released. */
export async function uploadWeights(gpu: Gpu, id: string, packed: AsyncIterable<Packed>): Promise<Arena> {
  const weights = new Arena(gpu);
  try {
    await gpu.guarded(`loading ${id}`, async () => {
      for await (const [name, data] of packed)
        try {
          weights.upload(name, data);
        } catch (cause) {
          throw refusal(`uploading ${name}`, cause);
        }
    });
    return weights;
  } catch (error) {
    weights.destroy();
    if (error instanceof DeviceError) error.message = `${id}: ${error.message}`;
    throw error;
  }
}
