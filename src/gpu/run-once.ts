// One dispatch by itself, and the contents of a buffer: for the tests of kernels, those on users' drivers among them.

import type { Gpu } from "./gpu.ts";
import type { AnyKernel } from "./kernel.ts";

export async function dispatchOnce(
  gpu: Gpu,
  kernel: AnyKernel,
  variant: string,
  problem: unknown,
  resources: Readonly<Record<string, GPUBuffer | GPUTextureView>>,
): Promise<void> {
  const pipeline = await gpu.pipeline(kernel, variant, problem as never);
  const encoder = gpu.device.createCommandEncoder({ label: kernel.name });
  const pass = encoder.beginComputePass({ label: kernel.name });
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, gpu.bind(kernel, resources));
  pass.dispatchWorkgroups(...kernel.variants[variant].grid(problem as never));
  pass.end();
  gpu.device.queue.submit([encoder.finish()]);
}

/** The bytes of a buffer, as a copy. */
export async function readBack(gpu: Gpu, source: GPUBuffer): Promise<ArrayBuffer> {
  const target = gpu.buffer("read back once", source.size, GPUBufferUsage.MAP_READ);
  try {
    const encoder = gpu.device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, 0, target, 0, source.size);
    gpu.device.queue.submit([encoder.finish()]);
    await gpu.wait(target.mapAsync(GPUMapMode.READ));
    return target.getMappedRange().slice(0);
  } finally {
    gpu.release(target);
  }
}
