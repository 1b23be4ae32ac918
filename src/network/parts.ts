// Tensors that a file keeps as one and the network has apart, such as gate and value of a SwiGLU: equal parts of its rows.

import type { TensorEntry } from "../format/safetensors-header.ts";
import type { CanonicalName } from "./names.ts";

type Tensors = ReadonlyMap<CanonicalName, TensorEntry>;

/** The names of the parts of each entry, in the order of its rows. */
export function namesOfEntries(tensors: Tensors): Map<TensorEntry, CanonicalName[]> {
  const names = new Map<TensorEntry, CanonicalName[]>();
  for (const [name, entry] of tensors) names.set(entry, [...(names.get(entry) ?? []), name]);
  return names;
}

/** Each tensor with the shape and the bytes that are its own. */
export function ownEntries(tensors: Tensors): Map<CanonicalName, TensorEntry> {
  const own = new Map<CanonicalName, TensorEntry>();
  for (const [entry, names] of namesOfEntries(tensors))
    for (const [i, name] of names.entries()) own.set(name, partOf(entry, i, names.length));
  return own;
}

/** Yields the parts of an entry, each with its name and its bytes. */
export function* partsOf(names: readonly CanonicalName[], entry: TensorEntry, bytes: Uint8Array) {
  for (const [i, name] of names.entries()) {
    const part = partOf(entry, i, names.length);
    const from = (bytes.length / names.length) * i;
    yield { name, entry: part, bytes: bytes.subarray(from, from + bytes.length / names.length) };
  }
}

function partOf(entry: TensorEntry, i: number, count: number): TensorEntry {
  if (count === 1) return entry;
  const [rows, ...others] = entry.shape;
  const byteLength = (entry.end - entry.begin) / count;
  const begin = entry.begin + i * byteLength;
  return { ...entry, shape: [rows / count, ...others], begin, end: begin + byteLength };
}
