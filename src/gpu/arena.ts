// Many small constant buffers as ranges of a few big ones: each buffer that a run touches costs the encoder and the queue time.

import type { Gpu } from "./gpu.ts";

/** Alignment of a range, by WebGPU's default limits. */
const ALIGNMENT = 256;
const FIRST_BYTES = 1 << 20;
const MOST_BYTES = 1 << 24;

/** Named data that is uploaded once, read by every run and released together. */
export class Arena {
  readonly #gpu: Gpu;
  readonly #buffers: GPUBuffer[] = [];
  readonly #ranges = new Map<string, GPUBufferBinding>();
  #used = 0;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /** The range of `name`; undefined if it is not in the arena. */
  get(name: string): GPUBufferBinding | undefined {
    return this.#ranges.get(name);
  }

  /** Uploads `data`, to the newest buffer if it fits, otherwise to a new one, twice as large as the last. */
  upload(name: string, data: ArrayBufferView): void {
    const size = Math.max(4, Math.ceil(data.byteLength / 4) * 4);
    let buffer = this.#buffers.at(-1);
    if (!buffer || this.#used + size > buffer.size) {
      const next = buffer ? Math.min(2 * buffer.size, MOST_BYTES) : FIRST_BYTES;
      buffer = this.#gpu.buffer("weights", Math.max(size, next));
      this.#buffers.push(buffer);
      this.#used = 0;
    }
    const offset = this.#used;
    this.#gpu.write(buffer, data, offset);
    this.#used = Math.ceil((offset + size) / ALIGNMENT) * ALIGNMENT;
    this.#ranges.set(name, { buffer, offset, size });
  }

  destroy(): void {
    this.#gpu.release(...this.#buffers.splice(0));
  }
}
