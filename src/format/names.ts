/** One set of tensor names for timm's and transformers' checkpoints, and the shapes that a model needs. */
import { patchGrid, type VitArchitecture } from "./architecture.ts";
import type { Size } from "./fields.ts";

/** `patch.weight`, `positions`, `blocks.3.qkv.bias`, `head.weight_scale`, ...: listed by `expectedTensors`. */
export type CanonicalName = string;

/** transformers' name for the network without its head, which a file may have or lack, tensor by tensor. */
export const BASE = /^(?:vit|deit|dinov2)\./;
const BLOCK = /^(?:blocks|encoder\.layer|layers)\.(0|[1-9]\d{0,3})\.(.+)$/;
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
  "attention.q_proj": "query",
  "attention.k_proj": "key",
  "attention.v_proj": "value",
  "attn.proj": "proj",
  "attention.output.dense": "proj",
  "attention.o_proj": "proj",
  norm2: "norm2",
  layernorm_after: "norm2",
  "mlp.fc1": "fc1",
  "intermediate.dense": "fc1",
  "mlp.fc2": "fc2",
  "output.dense": "fc2",
};

/** The one name of a tensor, without what wraps its network; undefined for those that inference does not know. */
export function canonicalName(name: string): CanonicalName | undefined {
  const bare = name.replace(BASE, "");
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
