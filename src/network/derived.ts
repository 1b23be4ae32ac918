// Parameters that are not in any checkpoint, derived from those that are while these load.

import { type TensorEntry, toFloat32 } from "../format/safetensors.ts";
import type { CanonicalName } from "./names.ts";
import type { Derived, Network } from "./op.ts";

/** A tensor under its one name. */
interface Stored {
  readonly name: CanonicalName;
  readonly entry: TensorEntry;
  readonly bytes: Uint8Array;
}

/**
 * Yields the tensors as they arrive, without those that others are derived from, and each derived tensor as soon as all its inputs have
 * arrived.
 */
export async function* withDerived(
  { derived = [] }: Network,
  tensors: AsyncIterable<Stored>,
): AsyncGenerator<Stored> {
  const values: Record<string, Float32Array> = {};
  let left = derived;
  for await (const tensor of tensors) {
    const { name, entry, bytes } = tensor;
    if (!derived.some(({ from }) => name in from)) {
      yield tensor;
      continue;
    }
    values[name] = toFloat32(entry, bytes).slice();
    const ready = left.filter(({ from }) => Object.keys(from).every((source) => source in values));
    left = left.filter((one) => !ready.includes(one));
    for (const one of ready) yield made(one, values);
  }
}

function made({ name, shape, make }: Derived, values: Readonly<Record<string, Float32Array>>): Stored {
  const bytes = new Uint8Array(make(values).slice().buffer);
  return { name, entry: { name, dtype: "F32", shape: [...shape], begin: 0, end: bytes.length }, bytes };
}
