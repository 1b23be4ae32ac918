// Which of a file's tensors a model needs.

import type { TensorEntry } from "../format/safetensors-header.ts";
import type { Model } from "./model.ts";
import type { CanonicalName } from "./names.ts";
import { parametersOf } from "./parameters.ts";

/** The parts of a model that determine which tensors it needs. */
export type Needs = Pick<Model, "name" | "network" | "names">;

/** The tensors of a file for a model. */
export interface CheckedTensors {
  tensors: Map<CanonicalName, TensorEntry>;
  /** The names in the file of ignored tensors. */
  ignored: string[];
}

/** The tensors that the model needs. */
export function usedTensors(
  tensors: ReadonlyMap<CanonicalName, TensorEntry>,
  model: Needs,
): Map<CanonicalName, TensorEntry> {
  const expected = expectedIn(tensors, model);
  return new Map([...tensors].filter(([name]) => expected.has(name) || isScaleOf(name, tensors)));
}

/** The needed tensors: Q, K and V separately in those blocks where the file has them separately. */
export function expectedIn(
  found: ReadonlyMap<CanonicalName, TensorEntry>,
  { network }: Needs,
): Map<CanonicalName, readonly number[]> {
  const expected = parametersOf(network);
  for (const [name, [out, ...inputs]] of [...expected]) {
    const parts = ["query", "key", "value"].map((part) => name.replace(".qkv.", `.${part}.`));
    if (parts[0] === name || found.has(name) || !parts.some((part) => found.has(part))) continue;
    expected.delete(name);
    for (const part of parts) expected.set(part, [out / 3, ...inputs]);
  }
  return expected;
}

function isScaleOf(name: CanonicalName, found: ReadonlyMap<CanonicalName, TensorEntry>): boolean {
  return name.endsWith(".weight_scale") && found.get(name.replace(/_scale$/, ""))?.dtype === "I8";
}
