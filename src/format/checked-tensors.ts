/** The check that a file holds what a model needs. */
import { ModelFormatError } from "../errors/errors.ts";
import { part } from "../errors/part.ts";
import { elementCount } from "../tensor/dtype.ts";
import type { VitArchitecture } from "./architecture.ts";
import { quote } from "./fields.ts";
import { type CanonicalName, canonicalName, expectedTensors, positionGrid } from "./names.ts";
import type { TensorEntry } from "./safetensors-header.ts";

/** What a file holds for a model. */
export interface CheckedTensors {
  tensors: Map<CanonicalName, TensorEntry>;
  /** The names in the file of what the model does without. */
  ignored: string[];
}

/**
 * Makes sure that the file holds every tensor in its shape. What else it holds is left out, as transformers does: what
 * the network is, config.json alone says. Throws ModelFormatError naming the tensor, what was expected and what came,
 * and UnsupportedModelError for a tensor without which the others do not give the result.
 */
export async function checkTensors(
  architecture: VitArchitecture,
  entries: readonly TensorEntry[],
): Promise<CheckedTensors> {
  const checked =
    plainTensors(architecture, entries) ??
    (await part(import("./network-tensors.ts"))).networkTensors(architecture, entries);
  const { tensors } = checked;
  for (const [name, shape] of expectedIn(tensors, architecture))
    checkTensor(name, shape, tensors, architecture);
  return checked;
}

/** Tensors that classify and embed do without. */
const UNUSED = /(?:^|\.)(?:pooler\.|(?:mask_token|position_ids)$)/;

/** Those of a file that holds what the library saves; undefined where the names need a closer look. */
function plainTensors(
  architecture: VitArchitecture,
  entries: readonly TensorEntry[],
): CheckedTensors | undefined {
  const tensors = new Map<CanonicalName, TensorEntry>();
  const ignored: string[] = [];
  for (const entry of entries) {
    const name = canonicalName(entry.name);
    if (name && !tensors.has(name)) tensors.set(name, entry);
    else if (!name && UNUSED.test(entry.name)) ignored.push(entry.name);
    else return undefined;
  }
  const used = usedTensors(tensors, architecture);
  return used.size === tensors.size ? { tensors, ignored } : undefined;
}

/** Those of them that the model needs. */
export function usedTensors(
  tensors: ReadonlyMap<CanonicalName, TensorEntry>,
  architecture: VitArchitecture,
): Map<CanonicalName, TensorEntry> {
  const expected = expectedIn(tensors, architecture);
  return new Map([...tensors].filter(([name]) => expected.has(name) || isScaleOf(name, tensors)));
}

/** What the model needs: Q, K and V one by one in those blocks where the file has them so. */
function expectedIn(
  found: ReadonlyMap<CanonicalName, TensorEntry>,
  architecture: VitArchitecture,
): Map<CanonicalName, number[]> {
  const expected = expectedTensors(architecture);
  for (const [name, [out, ...inputs]] of [...expected]) {
    const parts = ["query", "key", "value"].map((part) => name.replace(".qkv.", `.${part}.`));
    if (parts[0] === name || found.has(name) || !parts.some((part) => found.has(part))) continue;
    expected.delete(name);
    for (const part of parts) expected.set(part, [out / 3, ...inputs]);
  }
  return expected;
}

const FLOATS = ["F64", "F32", "F16", "BF16"];

function checkTensor(
  name: CanonicalName,
  shape: number[],
  found: ReadonlyMap<CanonicalName, TensorEntry>,
  architecture: VitArchitecture,
): void {
  const entry = found.get(name);
  if (!entry)
    throw new ModelFormatError(
      `${architecture.family}: expected tensor ${name} [${shape}], but the file lacks it`,
    );
  const stretched = name === "positions" && positionGrid(entry.shape, architecture) !== undefined;
  const wanted = stretched ? [1, entry.shape[1], architecture.width] : shape;
  if (!sameShape(entry.shape, wanted)) {
    const came = entry.shape.slice(0, 8);
    throw new ModelFormatError(`tensor ${quote(entry.name)}: expected shape [${shape}], but it is [${came}]`);
  }
  if (FLOATS.includes(entry.dtype)) return;
  const scale = found.get(scaleName(name));
  const scales = scale && FLOATS.includes(scale.dtype) ? elementCount(scale.shape) : 0;
  if (entry.dtype === "I8" && shape.length > 1 && scales === shape[0]) return;
  throw new ModelFormatError(
    `tensor ${quote(entry.name)}: expected ${FLOATS.join(", ")}, or I8 with ${shape[0]} float scales, but it is ${entry.dtype} with ${scales}`,
  );
}

function scaleName(name: CanonicalName): CanonicalName {
  return name.replace(/\.weight$/, ".weight_scale");
}

function isScaleOf(name: CanonicalName, found: ReadonlyMap<CanonicalName, TensorEntry>): boolean {
  return name.endsWith(".weight_scale") && found.get(name.replace(/_scale$/, ""))?.dtype === "I8";
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
