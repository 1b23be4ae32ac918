/** Lays tensors out as a safetensors file, in the order that keeps every one of them aligned. */
import { ModelFormatError } from "../errors/errors.ts";
import { bytesPerElement, type Dtype, elementCount } from "../tensor/dtype.ts";
import { LENGTH_BYTES } from "./safetensors-header.ts";

/** A tensor to be written; `bytes` are its elements, row-major and little-endian. */
export interface StoredTensor {
  name: string;
  dtype: Dtype;
  shape: readonly number[];
  bytes: Uint8Array;
}

/**
 * The file in pieces: its head (padded with spaces to a multiple of 8 bytes), then the bytes of each tensor, larger
 * element types first as the reference implementation has them. Throws ModelFormatError when bytes and shape differ.
 */
export function writeSafetensors(
  tensors: Iterable<StoredTensor>,
  metadata?: Record<string, string>,
): Uint8Array[] {
  const ordered = [...tensors].sort((a, b) => bytesPerElement(b.dtype)! - bytesPerElement(a.dtype)!);
  const header = new Map<string, unknown>();
  if (metadata) header.set("__metadata__", metadata);
  let end = 0;
  for (const { name, dtype, shape, bytes } of ordered) {
    const expected = elementCount(shape) * bytesPerElement(dtype)!;
    if (bytes.byteLength !== expected) {
      throw new ModelFormatError(`tensor ${name}: expected ${expected} bytes, got ${bytes.byteLength}.`);
    }
    if (header.has(name)) throw new ModelFormatError(`tensor ${name}: expected a unique name, got it twice.`);
    const begin = end;
    end += expected;
    header.set(name, { dtype, shape, data_offsets: [begin, end] });
  }
  return [encodeHead(header), ...ordered.map((tensor) => tensor.bytes)];
}

function encodeHead(header: Map<string, unknown>): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const length = Math.ceil(text.length / 8) * 8;
  const head = new Uint8Array(LENGTH_BYTES + length).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(length), true);
  head.set(text, LENGTH_BYTES);
  return head;
}
