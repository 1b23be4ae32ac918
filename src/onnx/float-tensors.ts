// Every tensor of a model in f32 on the CPU, for those who need them all at once.

import type { ModelFolder } from "../format/folder.ts";
import { openUnpacked } from "../format/packed.ts";
import { interpolatePositions } from "../format/positions.ts";
import { type TensorEntry, toFloat32 } from "../format/safetensors.ts";
import type { CanonicalName } from "../network/names.ts";
import type { Network } from "../network/op.ts";
import { namesOfEntries, partsOf } from "../network/parts.ts";
import { fittedTables, storedGrid } from "../network/tables.ts";
import { splitQkv } from "./model.ts";

/** A model whose tensors are listed and checked. */
interface CheckedModel {
  readonly folder: ModelFolder;
  readonly network: Network;
  readonly tensors: ReadonlyMap<CanonicalName, TensorEntry>;
}

/** By canonical name; Q, K and V apart, positions fitted to the image, int8 weights times their scales. */
export async function floatTensors(
  model: CheckedModel,
  signal: AbortSignal,
): Promise<Map<CanonicalName, Float32Array>> {
  const names = new Map([...namesOfEntries(model.tensors)].map(([{ name }, held]) => [name, held]));
  const tensors = new Map<CanonicalName, Float32Array>();
  const weights = await openUnpacked(model.folder, { signal });
  for await (const { entry, bytes } of weights.tensors(({ name }) => names.has(name)))
    for (const part of partsOf(names.get(entry.name)!, entry, bytes))
      tensors.set(part.name, values(part.entry, part.bytes));
  for (const name of [...tensors.keys()]) if (name.endsWith(".weight_scale")) scale(tensors, name);
  splitQkv(tensors);
  for (const { name, make } of model.network.derived ?? [])
    tensors.set(name, make(Object.fromEntries(tensors)));
  for (const table of fittedTables(model.network)) {
    const stored = model.tensors.get(table.name);
    if (!stored) continue; // derived, and made for this grid
    const from = storedGrid(table, stored.shape)!;
    if (from.width === table.grid.width && from.height === table.grid.height) continue;
    const how = { prefixTokens: table.first, width: table.width, antialiasPositions: table.antialias };
    tensors.set(table.name, interpolatePositions(tensors.get(table.name)!, from, table.grid, how));
  }
  return tensors;
}

function values(entry: TensorEntry, bytes: Uint8Array): Float32Array {
  if (entry.dtype !== "I8") return toFloat32(entry, bytes);
  return Float32Array.from(new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length));
}

function scale(tensors: Map<CanonicalName, Float32Array>, name: CanonicalName): void {
  const scales = tensors.get(name)!;
  const weight = tensors.get(name.replace(/_scale$/, ""))!;
  const k = weight.length / scales.length;
  weight.forEach((q, i) => {
    weight[i] = q * scales[Math.floor(i / k)];
  });
  tensors.delete(name);
}
