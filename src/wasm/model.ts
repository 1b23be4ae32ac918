// A model's weights in one linear memory, and its graphs as plans on it: in WebAssembly, and what that has no kernel for in
// TypeScript on the same memory.

import type { Arrays } from "../cpu/kernels.ts";
import type { CpuModel } from "../cpu/model.ts";
import { CpuPlan } from "../cpu/plan.ts";
import { part } from "../errors/part.ts";
import { assignSlots } from "../scheduler/memory.ts";
import type { Graph, Step } from "../scheduler/step.ts";
import { aligned, Heap } from "./heap.ts";
import { type Call, wasmKernels } from "./kernels.ts";
import { compileKernels, type Exports, instantiateKernels } from "./module.ts";
import { Pool, ThreadLost, type Threads } from "./pool.ts";
import { preprocessorOn } from "./preprocessor.ts";

/** A range of bytes in the memory. */
interface Place {
  readonly at: number;
  readonly byteLength: number;
  readonly type: typeof Int8Array | typeof Float32Array;
}

type Places = Map<string, Place>;

export { compileKernels } from "./module.ts";

/** A model without weights yet; threads start while the weights download. */
export async function createWasmModel(threads: Threads): Promise<CpuModel> {
  if (threads.most > 1)
    try {
      const [heap, module] = [new Heap(true), await compileKernels(true)];
      const exports = await instantiateKernels(module, heap.memory);
      return new WasmModel(heap, exports, threads.why, Pool.start(threads, module, heap.memory, exports));
    } catch {
      // Shared memory is not allowed: continue without threads.
    }
  const heap = new Heap();
  const exports = await instantiateKernels(await compileKernels(false), heap.memory);
  return new WasmModel(heap, exports, threads.most > 1 ? NONE_STARTED : threads.why);
}

const NONE_STARTED = "no other started";

class WasmModel implements CpuModel {
  readonly #heap: Heap;
  readonly #exports: Exports;
  readonly #weights: Places = new Map();
  /** Once they have started, or have not. */
  readonly #starting: Promise<Pool | undefined>;
  #pool: Pool | undefined;
  /** The tensors of the plan that ran last: another one's may lie in the same places. */
  #cleared: Places | undefined;
  #why: string;

  constructor(heap: Heap, exports: Exports, why: string, starting?: Promise<Pool | undefined>) {
    this.#heap = heap;
    this.#exports = exports;
    this.#why = why;
    this.#starting = (async () => {
      this.#pool = await starting?.catch(() => undefined);
      if (starting && !this.#pool) this.#why = NONE_STARTED;
      return this.#pool;
    })();
  }

  get bytes(): number {
    return this.#heap.byteLength;
  }

  get threads() {
    return { count: this.#pool?.count ?? 1, why: this.#why };
  }

  choice(kernel: string) {
    return wasmKernels.has(kernel)
      ? { variant: "simd", why: "WebAssembly SIMD on the CPU" }
      : { variant: "cpu", why: "the one on the CPU" };
  }

  async release(): Promise<void> {
    const pool = await this.#starting;
    this.#pool = undefined;
    await pool?.stop();
  }

  add(name: string, data: Int8Array | Float32Array): void {
    const { buffer, byteOffset, byteLength } = data;
    const at = this.#heap.take(byteLength);
    this.#heap.bytes(at, byteLength).set(new Uint8Array(buffer, byteOffset, byteLength));
    this.#weights.set(name, { at, byteLength, type: data instanceof Int8Array ? Int8Array : Float32Array });
  }

  /** Plans run one at a time, so their tensors share the memory behind the weights. */
  async plan(graph: Graph): Promise<CpuPlan> {
    await this.#starting;
    const heap = this.#heap;
    const { tensors, end } = placesOf(graph, heap.end);
    const places = new Map([...this.#weights, ...tensors]);
    const calls = graph.steps.map((step) => lowered(step, places));
    const scratch = { at: end, byteLength: aligned(Math.max(0, ...calls.map((call) => call?.scratch ?? 0))) };
    heap.reach(end + scratch.byteLength * this.threads.count);
    // Rarely needed, so loaded on demand.
    const kernels = calls.includes(undefined) ? await part(import("../cpu/kernels.ts")) : undefined;
    const steps = graph.steps.map((step, i) => {
      const call = calls[i];
      const compute = call
        ? () => this.#run(call, scratch)
        : inTypeScript(kernels!.computeOf(step, graph.tensors), step, places, heap);
      return { label: step.label, compute };
    });
    const held = [...graph.held].flatMap((name) => tensors.get(name) ?? []);
    return new CpuPlan(steps, {
      tensor: (name) => bytesOf(heap, tensors.get(name)!),
      clear: () => {
        if (this.#cleared === tensors) return;
        for (const place of held) bytesOf(heap, place).fill(0);
        this.#cleared = tensors;
      },
      preprocessor: preprocessorOn(heap, end, (call) => this.#run(call, scratch)),
      // The next plan has it.
      release: () => {},
      recover: (error) => this.#goOnAlone(error),
    });
  }

  #run(call: Call, { at, byteLength }: Omit<Place, "type">): void {
    if (this.#pool) this.#pool.run(call, at, byteLength);
    else this.#exports[call.name](0, call.units, ...call.args, at);
  }

  /** After a thread was lost: continues without threads. */
  async #goOnAlone(error: unknown): Promise<void> {
    if (!(error instanceof ThreadLost)) throw error;
    this.#why = `${error.message}, so the model runs on one thread`;
    await this.release();
  }
}

function lowered({ kernels, problem, buffers }: Step, places: Places): Call | undefined {
  const [{ name, bindings }] = kernels;
  // All except for the uniform of the problem.
  const bound = Object.keys(bindings).filter((binding) => binding in buffers);
  return wasmKernels.get(name)?.(
    problem,
    bound.map((binding) => places.get(buffers[binding])!.at),
  );
}

/** Tensors from `base` on; those whose lives do not touch share a place. */
function placesOf(graph: Graph, base: number): { tensors: Places; end: number } {
  const tensors: Places = new Map();
  let end = base;
  for (const { byteLength, tensors: names } of assignSlots(graph)) {
    for (const name of names)
      tensors.set(name, {
        at: end,
        byteLength,
        type: graph.tensors.get(name)!.form === "f32" ? Float32Array : Int8Array,
      });
    end += aligned(byteLength);
  }
  return { tensors, end };
}

/** On views that are made again each time, for those of before are gone where the memory has grown. */
function inTypeScript(
  compute: (problem: unknown, arrays: Arrays) => void,
  { problem, buffers }: Step,
  places: Places,
  heap: Heap,
): () => void {
  return () => {
    const arrays = Object.entries(buffers).map(([binding, name]) => {
      const { at, byteLength, type } = places.get(name)!;
      const view = new type(heap.memory.buffer, at, byteLength / type.BYTES_PER_ELEMENT);
      return [binding, view];
    });
    compute(problem, Object.fromEntries(arrays));
  };
}

const bytesOf = (heap: Heap, { at, byteLength }: Place) => heap.bytes(at, byteLength);
