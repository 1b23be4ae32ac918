// The CPU instead of a GPU: the same weights and steps, computed in WebAssembly on the thread that loads them, or in TypeScript without
// WebAssembly.

import type { CpuModel } from "../cpu/model.ts";
import { part } from "../errors/part.ts";
import type { Threads } from "../wasm/pool.ts";
import { CpuBackend } from "./cpu-backend.ts";
import type { Advice, Device, Reason } from "./device.ts";

/** Without a way to start another thread. */
const ONE: Threads = {
  most: 1,
  why: "only vit8's own worker, and Node, start threads",
  spawn: () => {
    throw new Error("thread: cannot be started");
  },
};

/** @param why there is no GPU; undefined if the CPU was requested */
export async function openCpuDevice(why?: Reason, threads = ONE): Promise<Device> {
  const backends = new Set<CpuBackend>();
  const { create, name, slow } = await fastest(threads);
  return {
    backend: "cpu",
    adapter: { vendor: "", architecture: "cpu", description: name, isFallback: true },
    advice: adviceOn(why, slow),
    compared: why?.compared,
    noIntegers: slow && `${IN_TYPESCRIPT} ${slow.message}`,
    get threads() {
      return [...backends].at(-1)?.threads;
    },
    get bytes() {
      return [...backends].reduce((sum, { bytes }) => sum + bytes, 0);
    },
    async load(description, _, packed) {
      const model = await create();
      try {
        for await (const [name, data] of packed) model.add(name, data as Int8Array | Float32Array);
      } catch (error) {
        await model.release();
        throw error;
      }
      const backend = new CpuBackend(description, model);
      backends.add(backend);
      return backend;
    },
    release() {
      for (const backend of backends) backend.destroy();
      backends.clear();
    },
  };
}

const IN_TYPESCRIPT = "In TypeScript, about ten times slower:";

function adviceOn(why: Reason | undefined, slow: Reason | undefined): Advice {
  const reasons = [why ? `Running on the CPU: ${reasonOf(why)}` : "Running on the CPU, as requested."];
  if (slow) reasons.push(`${IN_TYPESCRIPT} ${reasonOf(slow)}`);
  const remedies = [why && (why.remedy ?? "Update the browser and the graphics driver."), slow?.remedy];
  return { reason: reasons.join(" "), remedy: remedies.filter(Boolean).join(" ") };
}

const reasonOf = ({ message, reason = message }: Reason) => reason.replace(/\.?$/, ".");

interface Way {
  readonly create: () => CpuModel | Promise<CpuModel>;
  readonly name: string;
  /** Why WebAssembly is not used. */
  readonly slow?: Reason;
}

/** WebAssembly, or TypeScript where WebAssembly is missing or not allowed. */
async function fastest(threads: Threads): Promise<Way> {
  try {
    const { compileKernels, createWasmModel } = await part(import("../wasm/model.ts"));
    await compileKernels(false);
    return { create: () => createWasmModel(threads), name: "WebAssembly SIMD on the CPU" };
  } catch (error) {
    const { TypeScriptModel } = await part(import("../cpu/model.ts"));
    return { create: () => new TypeScriptModel(), name: "TypeScript on the CPU", slow: error as Reason };
  }
}
