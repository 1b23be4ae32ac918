// The linear memory of one model: its weights at the front, then the memory of a run. It only grows.

import { DeviceError } from "../errors/errors.ts";

const PAGE = 65_536;
/** The limit of 32 bits. */
const MOST_PAGES = 65_536;
/** A cache line, and a multiple of every vector's alignment. */
const ALIGNMENT = 64;

export class Heap {
  readonly memory: WebAssembly.Memory;
  #end = ALIGNMENT;

  constructor(shared = false) {
    this.memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared });
  }

  /** Bytes in use. */
  get end(): number {
    return this.#end;
  }

  /** Bytes that the memory has. */
  get byteLength(): number {
    return this.memory.buffer.byteLength;
  }

  /** The address of new bytes, which are zero if they were not used before. */
  take(byteLength: number): number {
    const at = this.#end;
    this.#end = aligned(at + byteLength);
    this.reach(this.#end);
    return at;
  }

  /** Grows the memory to at least this length. @throws DeviceError if there is no more memory */
  reach(byteLength: number): void {
    const missing = Math.ceil((byteLength - this.byteLength) / PAGE);
    if (missing <= 0) return;
    try {
      this.memory.grow(missing);
    } catch (cause) {
      throw new DeviceError(
        `CPU: out of memory for ${byteLength} more bytes. Close other tabs, or use a smaller model or batch.`,
        { cause },
      );
    }
  }

  /** Views are good until the memory grows. */
  bytes(at: number, byteLength: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.memory.buffer, at, byteLength);
  }
}

export function aligned(byteLength: number): number {
  return Math.ceil(byteLength / ALIGNMENT) * ALIGNMENT;
}
