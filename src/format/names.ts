/** One set of tensor names for timm's and transformers' checkpoints, and the check that a file holds what a model needs. */
import { ModelFormatError, UnsupportedModelError } from "../errors/errors.ts";
import { elementCount } from "../tensor/dtype.ts";
import { patchGrid, type VitArchitecture } from "./architecture.ts";
import { quote, type Size } from "./fields.ts";
import type { TensorEntry } from "./safetensors-header.ts";

/** `patch.weight`, `positions`, `blocks.3.qkv.bias`, `head.weight_scale`, ...: listed by `expectedTensors`. */
export type CanonicalName = string;

const PREFIX = /^(?:(?:vit|deit|dinov2|model|module|backbone|timm_model)\.)+/;
const BLOCK = /^(?:blocks|encoder\.layer)\.(0|[1-9]\d{0,3})\.(.+)$/;
const LEAF = /^(.+)\.(weight|bias|weight_scale)$/;

const WHOLE: Record<string, string> = {
  cls_token: "class_token",
  "embeddings.cls_token": "class_token",
  dist_token: "distillation_token",
  "embeddings.distillation_token": "distillation_token",
  pos_embed: "positions",
  "embeddings.position_embeddings": "positions",
};

const STEMS: Record<string, string> = {
  "patch_embed.proj": "patch",
  "embeddings.patch_embeddings.projection": "patch",
  norm: "norm",
  layernorm: "norm",
  head: "head",
  classifier: "head",
  cls_classifier: "head",
  head_dist: "head_distillation",
  distillation_classifier: "head_distillation",
};

const BLOCK_WHOLE: Record<string, string> = {
  "ls1.gamma": "scale1",
  "layer_scale1.lambda1": "scale1",
  "ls2.gamma": "scale2",
  "layer_scale2.lambda1": "scale2",
};

const BLOCK_STEMS: Record<string, string> = {
  norm1: "norm1",
  layernorm_before: "norm1",
  "attn.qkv": "qkv",
  "attention.attention.query": "query",
  "attention.attention.key": "key",
  "attention.attention.value": "value",
  "attn.proj": "proj",
  "attention.output.dense": "proj",
  norm2: "norm2",
  layernorm_after: "norm2",
  "mlp.fc1": "fc1",
  "intermediate.dense": "fc1",
  "mlp.fc2": "fc2",
  "output.dense": "fc2",
};

/** Tensors that classify and embed do without. */
const UNUSED = /(?:^|\.)(?:pooler|lm_head|decoder)\.|(?:^|\.)(?:mask_token|position_ids)$/;

/** The one name of a tensor; undefined for those that inference does not need or know. */
export function canonicalName(name: string): CanonicalName | undefined {
  const bare = name.replace(PREFIX, "");
  const [, block, part] = BLOCK.exec(bare) ?? [];
  if (block === undefined) return translate(bare, WHOLE, STEMS);
  const inner = translate(part, BLOCK_WHOLE, BLOCK_STEMS);
  return inner && `blocks.${block}.${inner}`;
}

function translate(name: string, whole: Record<string, string>, stems: Record<string, string>) {
  if (Object.hasOwn(whole, name)) return whole[name];
  const [, stem, leaf] = LEAF.exec(name) ?? [];
  return stem && Object.hasOwn(stems, stem) ? `${stems[stem]}.${leaf}` : undefined;
}

/**
 * The shape of every tensor that the model needs: linear weights are [out, in]. Q, K and V are named as one
 * (`qkv`); a file may hold them as three.
 */
export function expectedTensors(architecture: VitArchitecture): Map<CanonicalName, number[]> {
  const { width, depth, patchSize, prefixTokens, headsCount, classes, qkvBias, mlpWidth, layerScale } =
    architecture;
  const shapes = new Map<CanonicalName, number[]>();
  const linear = (stem: string, out: number, inputs: number[], bias = true) => {
    shapes.set(`${stem}.weight`, [out, ...inputs]);
    if (bias) shapes.set(`${stem}.bias`, [out]);
  };
  const grid = patchGrid(architecture);
  linear("patch", width, [3, patchSize, patchSize]);
  shapes.set("class_token", [1, 1, width]);
  if (prefixTokens === 2) shapes.set("distillation_token", [1, 1, width]);
  shapes.set("positions", [1, prefixTokens + grid.width * grid.height, width]);
  for (let n = 0; n < depth; n++) {
    const block = `blocks.${n}`;
    linear(`${block}.norm1`, width, []);
    linear(`${block}.qkv`, 3 * width, [width], qkvBias);
    linear(`${block}.proj`, width, [width]);
    if (layerScale) shapes.set(`${block}.scale1`, [width]);
    linear(`${block}.norm2`, width, []);
    linear(`${block}.fc1`, mlpWidth, [width]);
    linear(`${block}.fc2`, width, [mlpWidth]);
    if (layerScale) shapes.set(`${block}.scale2`, [width]);
  }
  linear("norm", width, []);
  if (classes) linear("head", classes, [width]);
  if (classes && headsCount === 2) linear("head_distillation", classes, [width]);
  return shapes;
}

/** Tokens across and down that a table of positions holds: the picture's own, or a square to interpolate from. */
export function positionGrid(shape: readonly number[], architecture: VitArchitecture): Size | undefined {
  const grid = patchGrid(architecture);
  const patches = shape[1] - architecture.prefixTokens;
  if (patches === grid.width * grid.height) return grid;
  const side = Math.sqrt(patches);
  return Number.isInteger(side) && side > 0 ? { width: side, height: side } : undefined;
}

/**
 * Makes sure that the file holds every tensor in its shape, and nothing that would change the result.
 * Returns the entries to load by canonical name; throws ModelFormatError naming the tensor, what was expected and what
 * came, and UnsupportedModelError for a tensor that vit8 does not know.
 */
export function checkTensors(
  architecture: VitArchitecture,
  entries: Iterable<TensorEntry>,
): Map<CanonicalName, TensorEntry> {
  const found = byCanonicalName(entries);
  const expected = expectedTensors(architecture);
  splitQkv(expected, found);
  for (const [name, shape] of expected) checkTensor(name, shape, found, architecture);
  for (const [name, entry] of found) {
    if (expected.has(name) || isScaleOf(name, found)) continue;
    // a head that the model does not use is left in the file by many a training script
    if (!name.startsWith("head")) {
      throw new ModelFormatError(
        `${architecture.family}: config.json leaves no place for tensor ${quote(entry.name)}`,
      );
    }
    found.delete(name);
  }
  return found;
}

function byCanonicalName(entries: Iterable<TensorEntry>): Map<CanonicalName, TensorEntry> {
  const found = new Map<CanonicalName, TensorEntry>();
  for (const entry of entries) {
    const name = canonicalName(entry.name);
    if (name === undefined && UNUSED.test(entry.name)) continue;
    if (name === undefined)
      throw new UnsupportedModelError(`tensor ${quote(entry.name)} is of no kind that vit8 runs`);
    const twin = found.get(name);
    if (twin)
      throw new ModelFormatError(`tensors ${quote(twin.name)} and ${quote(entry.name)} are both ${name}`);
    found.set(name, entry);
  }
  return found;
}

/** Expects Q, K and V one by one in those blocks where the file has them so. */
function splitQkv(expected: Map<CanonicalName, number[]>, found: Map<CanonicalName, TensorEntry>): void {
  for (const [name, [out, ...inputs]] of [...expected]) {
    const parts = ["query", "key", "value"].map((part) => name.replace(".qkv.", `.${part}.`));
    if (parts[0] === name || found.has(name) || !parts.some((part) => found.has(part))) continue;
    expected.delete(name);
    for (const part of parts) expected.set(part, [out / 3, ...inputs]);
  }
}

const FLOATS = ["F64", "F32", "F16", "BF16"];

function checkTensor(
  name: CanonicalName,
  shape: number[],
  found: Map<CanonicalName, TensorEntry>,
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

function isScaleOf(name: CanonicalName, found: Map<CanonicalName, TensorEntry>): boolean {
  return name.endsWith(".weight_scale") && found.get(name.replace(/_scale$/, ""))?.dtype === "I8";
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
