// The text tower's tensors in a file of both towers.

import type { TensorEntry } from "../format/safetensors-header.ts";
import { checkShapes } from "./checked-tensors.ts";
import type { CanonicalName } from "./names.ts";
import { type Needs, usedTensors } from "./used-tensors.ts";

/** What wrappers of PyTorch insert into names. */
const MARKS = /\b_(?:orig_mod|fsdp_wrapped_module|checkpoint_wrapped_module)\.|^module\./g;
/** Numbers of a model with both towers, which no network has. */
const LOGIT_NUMBERS = ["logit_scale", "logit_bias"];

/** The needed ones with their names; undefined for a file without a text tower. @throws ModelFormatError for one that is not whole */
export function textTensorsOf(
  entries: Iterable<TensorEntry>,
  model: Needs,
): ReadonlyMap<TensorEntry, CanonicalName> | undefined {
  const found = new Map<CanonicalName, TensorEntry>();
  for (const entry of entries) {
    const bare = entry.name.replace(MARKS, "");
    const name = LOGIT_NUMBERS.includes(bare) ? bare : model.names.canonical(bare);
    if (name) found.set(name, entry);
  }
  if (!found.has("words.weight")) return undefined;
  const used = usedTensors(found, model);
  checkShapes(used, model);
  for (const name of LOGIT_NUMBERS) if (found.has(name)) used.set(name, found.get(name)!);
  return new Map([...used].map(([name, entry]) => [entry, name]));
}
