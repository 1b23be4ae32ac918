// Measures GPU time: timestamps around a pass if the feature is available, otherwise wall time of a submit.

import type { Gpu } from "./gpu.ts";

const NANOSECONDS = 1e6;

export class Timer {
  /** What `measure` returns: `timestamps` count only the GPU, `wall` also the submit and the wait. */
  readonly source: "timestamps" | "wall";
  readonly #gpu: Gpu;
  readonly #queries: GPUQuerySet | undefined;
  readonly #resolved: GPUBuffer | undefined;
  readonly #readback: GPUBuffer | undefined;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
    this.source = gpu.capabilities.features.has("timestamp-query") ? "timestamps" : "wall";
    if (this.source === "wall") return;
    this.#queries = gpu.device.createQuerySet({ label: "timer", type: "timestamp", count: 2 });
    this.#resolved = gpu.buffer("timer", 16, GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC);
    this.#readback = gpu.buffer("timer read back", 16, GPUBufferUsage.MAP_READ);
  }

  /** Milliseconds of one pass with what `encode` puts into it, which takes `atLeastMs`. Calls must not overlap. */
  async measure(encode: (pass: GPUComputePassEncoder) => void, atLeastMs?: number): Promise<number> {
    const { device } = this.#gpu;
    const encoder = device.createCommandEncoder({ label: "timed" });
    const timestampWrites = this.#queries && {
      querySet: this.#queries,
      beginningOfPassWriteIndex: 0,
      endOfPassWriteIndex: 1,
    };
    const pass = encoder.beginComputePass({ label: "timed", timestampWrites });
    encode(pass);
    pass.end();
    if (this.#queries && this.#resolved && this.#readback) {
      encoder.resolveQuerySet(this.#queries, 0, 2, this.#resolved, 0);
      encoder.copyBufferToBuffer(this.#resolved, 0, this.#readback, 0, 16);
    }
    const start = performance.now();
    device.queue.submit([encoder.finish()]);
    if (!this.#readback) {
      await this.#gpu.wait(device.queue.onSubmittedWorkDone(), atLeastMs);
      return performance.now() - start;
    }
    await this.#gpu.wait(this.#readback.mapAsync(GPUMapMode.READ), atLeastMs);
    const [begin, end] = new BigUint64Array(this.#readback.getMappedRange());
    const elapsedMs = Number(end - begin) / NANOSECONDS;
    this.#readback.unmap();
    return elapsedMs;
  }

  destroy(): void {
    this.#queries?.destroy();
    this.#gpu.release(this.#resolved, this.#readback);
  }
}
