// A graph made ready to run on the CPU: its tensors, and a function for each step.

import type { Preprocessor } from "./patches.ts";

/** How long the thread computes before it looks at its messages, an abort among them. */
const TURN_MS = 50;

interface CpuStep {
  readonly label: string;
  readonly compute: () => void;
}

/** The memory of a plan, which others may use between its runs. */
interface Tensors {
  /** The bytes of a tensor of the graph; valid until another plan is created. */
  readonly tensor: (name: string) => Uint8Array<ArrayBuffer>;
  /** Makes those tensors zero, before inputs are written. */
  readonly clear: () => void;
  /** Makes inputs of images. */
  readonly preprocessor: Preprocessor;
  /** Releases the memory. */
  readonly release: () => void;
  /** Recovers from the error of a step, so that the steps can start again; rethrows other errors. */
  readonly recover?: (error: unknown) => Promise<void>;
}

export class CpuPlan {
  readonly tensor: Tensors["tensor"];
  readonly #clear: Tensors["clear"];
  readonly preprocessor: Preprocessor;
  readonly release: Tensors["release"];
  readonly #recover: Tensors["recover"];
  readonly #steps: readonly CpuStep[];

  constructor(steps: readonly CpuStep[], { tensor, clear, preprocessor, release, recover }: Tensors) {
    this.#steps = steps;
    this.tensor = tensor;
    this.#clear = clear;
    this.preprocessor = preprocessor;
    this.release = release;
    this.#recover = recover;
  }

  /** Writes the inputs, then every step in order; resolves with the milliseconds of each, `preprocess` the first. */
  async run(writeInputs: () => void, signal?: AbortSignal): Promise<Map<string, number>> {
    try {
      return await this.#runOnce(writeInputs, signal);
    } catch (error) {
      if (!this.#recover || signal?.aborted) throw error;
      await this.#recover(error);
      return this.#runOnce(writeInputs, signal);
    }
  }

  async #runOnce(writeInputs: () => void, signal?: AbortSignal): Promise<Map<string, number>> {
    const begin = performance.now();
    this.#clear();
    writeInputs();
    const times = new Map([["preprocess", performance.now() - begin]]);
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
