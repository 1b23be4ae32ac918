// A small random float model as files on the disk, for tests: two heads, layer scale and half floats in timm's names.

import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type StoredTensor, writeSafetensors } from "../format/safetensors.ts";
import timmVit from "../network/families/timm/vit.ts";
import { modelOf } from "../network/model.ts";
import { parametersOf } from "../network/parameters.ts";
import { elementCount } from "../tensor/dtype.ts";

export const CLASSES = 5;

const config = {
  architecture: "deit_tiny_distilled_patch16_224",
  num_classes: CLASSES,
  model_args: { img_size: 24, patch_size: 8, embed_dim: 128, depth: 2, num_heads: 2, init_values: 0.1 },
  pretrained_cfg: {
    input_size: [3, 24, 24],
    crop_pct: 1,
    interpolation: "bicubic",
    mean: [0.5, 0.4, 0.3],
    std: [0.2, 0.3, 0.4],
  },
};

/** Writes config.json and model.safetensors; `change` may alter the tensors or the config before. */
export function writeTinyModel(
  folder: string,
  change: { tensors?: (tensors: StoredTensor[]) => StoredTensor[]; config?: object } = {},
): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "config.json"), JSON.stringify({ ...config, ...change.config }));
  const tensors = change.tensors ? change.tensors(tinyTensors()) : tinyTensors();
  writeFileSync(path.join(folder, "model.safetensors"), Buffer.concat(writeSafetensors(tensors)));
  return folder;
}

function tinyTensors(): StoredTensor[] {
  const random = randoms();
  const { network, names } = modelOf(timmVit, config);
  return [...parametersOf(network)].map(([canonical, shape]) => {
    const name = names.stored(canonical);
    const values = Uint16Array.from({ length: elementCount(shape) }, () => halfOf(random()));
    return { name, dtype: "F16", shape, bytes: new Uint8Array(values.buffer) };
  });
}

/** A half of either sign between 2^-7 and 1: five bits of exponent, ten of mantissa. */
function halfOf(random: number): number {
  const bits = Math.floor(random * 2 ** 16);
  return (bits & 0x83ff) | ((8 + (bits & 0x1c00) / 0x400) << 10);
}

/** The same numbers from 0 to 1 every time: a linear congruential generator (Numerical Recipes, 7.1). */
function randoms(): () => number {
  let state = 8;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
