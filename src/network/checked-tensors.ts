/** Checks that a file contains the tensors that a model needs. */
import { ModelFormatError } from "../errors/errors.ts";
import { part } from "../errors/part.ts";
import { quote } from "../format/fields.ts";
import type { TensorEntry } from "../format/safetensors-header.ts";
import { elementCount } from "../tensor/dtype.ts";
import type { CanonicalName } from "./names.ts";
import { ownEntries } from "./parts.ts";
import { fittedTables, storedGrid } from "./tables.ts";
import { type CheckedTensors, expectedIn, type Needs, usedTensors } from "./used-tensors.ts";

/**
 * Makes sure that the file contains every tensor in its shape. Other tensors are ignored, as in transformers: config.json alone defines the
 * network.
 * @throws ModelFormatError with the tensor, the expected shape and the actual one; UnsupportedModelError for a tensor without which the
 *   result would be wrong
 */
export async function checkTensors(model: Needs, entries: readonly TensorEntry[]): Promise<CheckedTensors> {
  const checked =
    plainTensors(model, entries) ??
    (await part(import("./network-tensors.ts"))).networkTensors(model, entries);
  checkShapes(ownEntries(checked.tensors), model);
  return checked;
}

/** @throws ModelFormatError for a tensor that is missing, or has another shape or type than the network needs */
export function checkShapes(tensors: ReadonlyMap<CanonicalName, TensorEntry>, model: Needs): void {
  const stretched = new Map(fittedTables(model.network).map((table) => [table.name, table]));
  for (const [name, shape] of expectedIn(tensors, model)) {
    const table = stretched.get(name);
    const found = tensors.get(name);
    const rows = table && found && storedGrid(table, found.shape) && found.shape.at(-2);
    checkTensor(name, rows ? [1, rows, table.width] : shape, tensors, model);
  }
}

/** Tensors that classify and embed do without. */
const UNUSED = /(?:^|\.)(?:pooler\.|(?:mask_token|position_ids)$)/;

/** The tensors of a file with exactly the names that the library saves; undefined if the names need to be matched. */
function plainTensors(model: Needs, entries: readonly TensorEntry[]): CheckedTensors | undefined {
  const tensors = new Map<CanonicalName, TensorEntry>();
  const ignored: string[] = [];
  for (const entry of entries) {
    const names = model.names.all(entry.name);
    if (names.some((name) => tensors.has(name))) return undefined;
    for (const name of names) tensors.set(name, entry);
    if (names.length > 0) continue;
    if (UNUSED.test(entry.name)) ignored.push(entry.name);
    else return undefined;
  }
  const used = usedTensors(tensors, model);
  return used.size === tensors.size ? { tensors, ignored } : undefined;
}

const FLOATS = ["F64", "F32", "F16", "BF16"];

function checkTensor(
  name: CanonicalName,
  shape: readonly number[],
  found: ReadonlyMap<CanonicalName, TensorEntry>,
  model: Needs,
): void {
  const entry = found.get(name);
  if (!entry) throw new ModelFormatError(`${model.name}: expected tensor ${name} [${shape}], got none.`);
  if (!sameShape(entry.shape, shape)) {
    const got = entry.shape.slice(0, 8);
    // A fine-tuned model with the config of its base model.
    const isHead = /^head(?:_distillation)?\./.test(name) && `${got.slice(1)}` === `${shape.slice(1)}`;
    const advice = isHead
      ? ` config.json describes ${shape[0]} classes: set its id2label, num_labels or num_classes to ${got[0]}.`
      : "";
    throw new ModelFormatError(
      `tensor ${quote(entry.name)}: expected shape [${shape}], got [${got}].${advice}`,
    );
  }
  if (FLOATS.includes(entry.dtype)) return;
  const scale = found.get(scaleName(name));
  const scales = scale && FLOATS.includes(scale.dtype) ? elementCount(scale.shape) : 0;
  if (entry.dtype === "I8" && shape.length > 1 && scales === shape[0]) return;
  throw new ModelFormatError(
    `tensor ${quote(entry.name)}: expected ${FLOATS.join(", ")}, or I8 with ${shape[0]} float scales, got ${entry.dtype} with ${scales}.`,
  );
}

function scaleName(name: CanonicalName): CanonicalName {
  return name.replace(/\.weight$/, ".weight_scale");
}

/** Learned rows, [1, rows, width], are also stored without leading axes of size 1. */
function sameShape(stored: readonly number[], expected: readonly number[]): boolean {
  const missing = expected.length - stored.length;
  const isRows = expected.length === 3 && expected.slice(0, missing).every((size) => size === 1);
  const same = stored.every((size, axis) => size === expected[axis + missing]);
  return same && (missing === 0 || (missing > 0 && isRows));
}
