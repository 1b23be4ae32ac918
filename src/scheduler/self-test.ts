// Whether a variant passes its self-test on this driver. Checked once per device before it is used, and occasionally again.

import type { Gpu } from "../gpu/gpu.ts";
import type { AnyKernel } from "../gpu/kernel.ts";
import { dispatchOnce, readBack } from "../gpu/run-once.ts";

const asked = new WeakMap<Gpu, Map<string, Promise<boolean>>>();

/** True for a kernel without a probe. A variant that does not compile, or is rejected, fails. */
export function answersRight(gpu: Gpu, kernel: AnyKernel, variant: string, again = false): Promise<boolean> {
  if (!kernel.probe) return Promise.resolve(true);
  const answers = asked.get(gpu) ?? new Map<string, Promise<boolean>>();
  asked.set(gpu, answers);
  const key = `${kernel.name}/${variant}`;
  const answer = (!again && answers.get(key)) || probe(gpu, kernel, variant).catch(() => false);
  answers.set(key, answer);
  return answer;
}

async function probe(gpu: Gpu, kernel: AnyKernel, variant: string): Promise<boolean> {
  const { problem, inputs, outputs } = kernel.probe!();
  const buffers: Record<string, GPUBuffer> = {};
  try {
    for (const [name, data] of Object.entries(inputs)) buffers[name] = gpu.upload(`probe ${name}`, data);
    for (const [name, { byteLength }] of Object.entries(outputs))
      buffers[name] = gpu.buffer(`probe ${name}`, byteLength, GPUBufferUsage.COPY_SRC);
    if (kernel.params)
      buffers.params = gpu.upload("probe params", kernel.params(problem as never), GPUBufferUsage.UNIFORM);
    await dispatchOnce(gpu, kernel, variant, problem, buffers);
    for (const [name, { expected, off }] of Object.entries(outputs))
      if (!close(await read(gpu, buffers[name], expected), expected, off)) return false;
    return true;
  } finally {
    gpu.release(...Object.values(buffers));
  }
}

type Numbers = Float32Array | Int8Array | Uint16Array;

function close(got: Numbers, expected: Numbers, off: number): boolean {
  return expected.every((value, i) => Math.abs(got[i] - value) <= off);
}

/** As many elements as `like` has, with its type. */
async function read(gpu: Gpu, source: GPUBuffer, like: Numbers): Promise<Numbers> {
  const View = like.constructor as new (bytes: ArrayBuffer, from: number, length: number) => Numbers;
  return new View(await readBack(gpu, source), 0, like.length);
}
