// Runs one variant of one kernel on one problem, with guard words behind every output.

import type { Gpu } from "../gpu/gpu.ts";
import type { AnyKernel } from "../gpu/kernel.ts";
import { dispatchOnce, readBack } from "../gpu/run-once.ts";
import { toFloat32 } from "../tensor/dtype.ts";
import { roundUp } from "../tensor/round-up.ts";
import { GUARD, type HostArray, type OutputShape, type TextureData, VIEWS } from "./cases.ts";

const GUARD_BYTES = 256;

type Outputs = Record<string, OutputShape>;

export interface KernelRun {
  readonly outputs: Record<string, HostArray>;
  /** Names of outputs that were written past their end. */
  readonly overruns: string[];
}

export async function runKernel(
  gpu: Gpu,
  kernel: AnyKernel,
  variant: string,
  problem: unknown,
  inputs: Record<string, HostArray | TextureData>,
  outputs: Outputs,
): Promise<KernelRun> {
  const held = new Resources(gpu);
  try {
    held.upload(kernel, problem, inputs);
    for (const [name, shape] of Object.entries(outputs)) {
      const guarded = new Uint8Array(byteLengthOf(shape) + GUARD_BYTES).fill(GUARD);
      held.add(name, gpu.upload(name, guarded, GPUBufferUsage.COPY_SRC));
    }
    return await gpu.guarded(kernel.name, async () => {
      await dispatchOnce(gpu, kernel, variant, problem, held.byName);
      return checked(gpu, outputs, held.byName);
    });
  } finally {
    held.release();
  }
}

/** The resources of one kernel's bindings, released together. */
export class Resources {
  readonly byName: Record<string, GPUBuffer | GPUTextureView> = {};
  readonly #gpu: Gpu;
  readonly #owned: (GPUBuffer | GPUTexture)[] = [];

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  add(name: string, resource: GPUBuffer | GPUTexture): void {
    this.#owned.push(resource);
    this.byName[name] = "createView" in resource ? resource.createView() : resource;
  }

  /** The inputs, and the parameters of the problem. */
  upload(kernel: AnyKernel, problem: unknown, inputs: Record<string, HostArray | TextureData>): void {
    for (const [name, data] of Object.entries(inputs)) {
      const usage = kernel.bindings[name] === "uniform" ? GPUBufferUsage.UNIFORM : 0;
      const isTexture = "rgba" in data;
      this.add(name, isTexture ? uploadTexture(this.#gpu, name, data) : this.#gpu.upload(name, data, usage));
    }
    if (!kernel.params) return;
    const params = kernel.params(problem as never);
    this.add("params", this.#gpu.upload("params", params, GPUBufferUsage.UNIFORM));
  }

  release(): void {
    this.#gpu.release(...this.#owned);
  }
}

async function checked(
  gpu: Gpu,
  outputs: Outputs,
  resources: Record<string, GPUBuffer | GPUTextureView>,
): Promise<KernelRun> {
  const run: KernelRun = { outputs: {}, overruns: [] };
  for (const [name, shape] of Object.entries(outputs)) {
    const bytes = await readBack(gpu, resources[name] as GPUBuffer);
    run.outputs[name] = numbers(shape, bytes);
    const guard = new Uint8Array(bytes, byteLengthOf(shape));
    if (guard.some((byte) => byte !== GUARD)) run.overruns.push(name);
  }
  return run;
}

function numbers({ type, length }: OutputShape, bytes: ArrayBuffer): HostArray {
  if (type === "f16") return toFloat32({ dtype: "F16" }, new Uint8Array(bytes, 0, 2 * length));
  return new VIEWS[type](bytes, 0, length);
}

/** Bytes before the guard. */
function byteLengthOf({ type, length, padding = 0 }: OutputShape): number {
  return roundUp((length + padding) * VIEWS[type].BYTES_PER_ELEMENT, 4);
}

function uploadTexture(gpu: Gpu, name: string, { width, height, rgba }: TextureData): GPUTexture {
  const usage = GPUTextureUsage.TEXTURE_BINDING | GPUTextureUsage.COPY_DST;
  const texture = gpu.texture(name, width, height, usage);
  gpu.device.queue.writeTexture(
    { texture },
    rgba as Uint8Array<ArrayBuffer>,
    { bytesPerRow: width * 4 },
    { width, height },
  );
  return texture;
}
