// Runs one variant of one kernel on one problem, with guard words behind every output.

import type { Gpu } from "../gpu/gpu.ts";
import type { AnyKernel } from "../gpu/kernel.ts";
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
  const resources: Record<string, GPUBuffer | GPUTextureView> = {};
  const owned: (GPUBuffer | GPUTexture)[] = [];
  const own = <T extends GPUBuffer | GPUTexture>(resource: T): T => {
    owned.push(resource);
    return resource;
  };
  try {
    for (const [name, data] of Object.entries(inputs)) {
      if ("rgba" in data) resources[name] = own(uploadTexture(gpu, name, data)).createView();
      else
        resources[name] = own(
          gpu.upload(name, data, kernel.bindings[name] === "uniform" ? GPUBufferUsage.UNIFORM : 0),
        );
    }
    if (kernel.params)
      resources.params = own(gpu.upload("params", kernel.params(problem as never), GPUBufferUsage.UNIFORM));
    for (const [name, shape] of Object.entries(outputs)) {
      const guarded = new Uint8Array(allocated(shape) + GUARD_BYTES).fill(GUARD);
      resources[name] = own(gpu.upload(name, guarded, GPUBufferUsage.COPY_SRC));
    }
    return await gpu.guarded(kernel.name, async () => {
      await dispatch(gpu, kernel, variant, problem, resources);
      return readBack(gpu, outputs, resources);
    });
  } finally {
    gpu.release(...owned);
  }
}

async function dispatch(
  gpu: Gpu,
  kernel: AnyKernel,
  variant: string,
  problem: unknown,
  resources: Record<string, GPUBuffer | GPUTextureView>,
): Promise<void> {
  const pipeline = await gpu.pipeline(kernel, variant, problem);
  const encoder = gpu.device.createCommandEncoder({ label: kernel.name });
  const pass = encoder.beginComputePass({ label: kernel.name });
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, gpu.bind(kernel, resources));
  pass.dispatchWorkgroups(...kernel.variants[variant].grid(problem as never));
  pass.end();
  gpu.device.queue.submit([encoder.finish()]);
}

async function readBack(
  gpu: Gpu,
  outputs: Outputs,
  resources: Record<string, GPUBuffer | GPUTextureView>,
): Promise<KernelRun> {
  const run: KernelRun = { outputs: {}, overruns: [] };
  for (const [name, shape] of Object.entries(outputs)) {
    const source = resources[name] as GPUBuffer;
    const target = gpu.buffer(`${name} read back`, source.size, GPUBufferUsage.MAP_READ);
    const encoder = gpu.device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, 0, target, 0, source.size);
    gpu.device.queue.submit([encoder.finish()]);
    await target.mapAsync(GPUMapMode.READ);
    const bytes = target.getMappedRange().slice(0);
    gpu.release(target);
    run.outputs[name] = numbers(shape, bytes);
    const guard = new Uint8Array(bytes, allocated(shape));
    if (guard.some((byte) => byte !== GUARD)) run.overruns.push(name);
  }
  return run;
}

function numbers({ type, length }: OutputShape, bytes: ArrayBuffer): HostArray {
  if (type === "f16") return toFloat32({ dtype: "F16" }, new Uint8Array(bytes, 0, 2 * length));
  return new VIEWS[type](bytes, 0, length);
}

/** Bytes before the guard. */
function allocated({ type, length, padding = 0 }: OutputShape): number {
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
