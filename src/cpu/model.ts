// A model's weights in memory, and its graphs as plans: in TypeScript.

import { assignSlots } from "../scheduler/memory.ts";
import type { Graph, Step } from "../scheduler/step.ts";
import { computeOf, viewOf } from "./kernels.ts";
import { inTypeScript } from "./patches.ts";
import { CpuPlan } from "./plan.ts";

type Data = Int8Array | Float32Array;

/** The weights of one model on the CPU, and the plans of its graphs. */
export interface CpuModel {
  /** Bytes of the weights and all tensors. */
  readonly bytes: number;
  /** The implementation of a kernel of the graph, and the reason for it. */
  choice(kernel: string): { readonly variant: string; readonly why: string };
  /** Takes a weight. */
  add(name: string, data: Data): void;
  plan(graph: Graph): CpuPlan | Promise<CpuPlan>;
  /** How many compute, and why so many. */
  readonly threads: { readonly count: number; readonly why: string };
  /** Ends the threads. */
  release(): Promise<void>;
}

export class TypeScriptModel implements CpuModel {
  readonly #weights = new Map<string, Data>();
  #tensorBytes = 0;

  get bytes(): number {
    return [...this.#weights.values()].reduce((sum, { byteLength }) => sum + byteLength, this.#tensorBytes);
  }

  readonly threads = { count: 1, why: "TypeScript has no other" };

  async release(): Promise<void> {}

  choice() {
    return { variant: "cpu", why: "the one on the CPU" };
  }

  add(name: string, data: Data): void {
    this.#weights.set(name, data);
  }

  plan(graph: Graph): CpuPlan {
    const tensors = new Map<string, ArrayBuffer>();
    const slots = assignSlots(graph);
    for (const { byteLength, tensors: names } of slots) {
      const buffer = new ArrayBuffer(byteLength);
      for (const name of names) tensors.set(name, buffer);
    }
    const bytes = slots.reduce((sum, { byteLength }) => sum + byteLength, 0);
    this.#tensorBytes += bytes;
    const steps = graph.steps.map((step) => ({
      label: step.label,
      compute: ready(step, graph, tensors, this.#weights),
    }));
    // No other code writes to its memory, and its own writes are always the same.
    return new CpuPlan(steps, {
      tensor: (name) => new Uint8Array(tensors.get(name)!),
      clear: () => {},
      preprocessor: inTypeScript,
      release: () => {
        this.#tensorBytes -= bytes;
        tensors.clear();
      },
    });
  }
}

function ready(
  step: Step,
  graph: Graph,
  memory: ReadonlyMap<string, ArrayBuffer>,
  weights: ReadonlyMap<string, Data>,
): () => void {
  const compute = computeOf(step, graph.tensors);
  const arrays = Object.fromEntries(
    Object.entries(step.buffers).map(([binding, name]) => {
      const tensor = graph.tensors.get(name);
      return [binding, tensor ? new (viewOf(tensor.form))(memory.get(name)!) : weights.get(name)!];
    }),
  );
  return () => compute(step.problem, arrays);
}
