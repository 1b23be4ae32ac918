// A graph made ready to run on the CPU: its tensors, and a function for each step.

import { assignSlots } from "../scheduler/memory.ts";
import type { Graph, Step } from "../scheduler/step.ts";
import { computeOf, viewOf } from "./kernels.ts";

/** How long the thread computes before it looks at its messages, an abort among them. */
const TURN_MS = 50;

export class CpuPlan {
  /** Bytes of all tensors. */
  readonly byteLength: number;
  readonly #steps: readonly { readonly label: string; readonly compute: () => void }[];
  readonly #tensors: ReadonlyMap<string, ArrayBuffer>;

  constructor(graph: Graph, weights: ReadonlyMap<string, Int8Array | Float32Array>) {
    const slots = assignSlots(graph);
    this.byteLength = slots.reduce((sum, { byteLength }) => sum + byteLength, 0);
    this.#tensors = new Map(
      slots.flatMap(({ byteLength, tensors }) => {
        const buffer = new ArrayBuffer(byteLength);
        return tensors.map((name) => [name, buffer] as const);
      }),
    );
    this.#steps = graph.steps.map((step) => ({
      label: step.label,
      compute: ready(step, graph, this.#tensors, weights),
    }));
  }

  /** A tensor that the graph holds. */
  tensor(name: string): ArrayBuffer {
    return this.#tensors.get(name)!;
  }

  /** Every step in order; resolves with the milliseconds of each. */
  async run(signal?: AbortSignal): Promise<Map<string, number>> {
    const times = new Map<string, number>();
    let turn = performance.now();
    for (const { label, compute } of this.#steps) {
      const start = performance.now();
      if (start - turn > TURN_MS) {
        await new Promise((resolve) => setTimeout(resolve));
        signal?.throwIfAborted();
        turn = performance.now();
      }
      compute();
      times.set(label, performance.now() - start);
    }
    return times;
  }
}

function ready(
  step: Step,
  graph: Graph,
  memory: ReadonlyMap<string, ArrayBuffer>,
  weights: ReadonlyMap<string, Int8Array | Float32Array>,
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
