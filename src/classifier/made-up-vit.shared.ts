// Small Vision Transformers with random weights, for tests: as files with the names of either library, and their outputs in f64.

import { parseSafetensorsHeader, type StoredTensor, writeSafetensors } from "../format/safetensors.ts";
import { toHalf } from "../quant/half.ts";
import { gelu } from "../quant/nonlinear.ts";
import { type Rng, seeded } from "../testing/cases.ts";
import { inTransformersNames, type TransformersNames } from "./made-up-names.shared.ts";

export interface MadeUpVit {
  readonly width: number;
  readonly heads: number;
  readonly depth: number;
  readonly mlpWidth: number;
  /** Pixels, of a square image. */
  readonly side: number;
  readonly patch: number;
  /** 0: an embedding model. */
  readonly classes: number;
  readonly qkvBias: boolean;
  readonly layerScale: boolean;
  /** 2 with a distillation token. */
  readonly prefixTokens: 1 | 2;
  readonly headsCount: 1 | 2;
}

export const PLAIN: MadeUpVit = {
  ...{ width: 128, heads: 2, depth: 2, mlpWidth: 256, side: 16, patch: 8, classes: 10 },
  ...{ qkvBias: true, layerScale: false, prefixTokens: 1, headsCount: 1 },
};

export interface Tensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}
/** By timm's names. */
export type Tensors = Map<string, Tensor>;

export const MEAN = [0.5, 0.4, 0.3];
export const STD = [0.2, 0.3, 0.4];

/** Every value is a multiple of 2^-7 below 2, which F32, F16 and BF16 all represent. */
export function madeUpTensors(vit: MadeUpVit, seed = 5): Tensors {
  const { width, depth, mlpWidth, patch, side, classes, prefixTokens } = vit;
  const rng = seeded(seed);
  const tensors: Tensors = new Map();
  const add = (name: string, shape: number[], scale: number, centre = 0) =>
    tensors.set(name, { shape, values: random(rng, shape, scale, centre) });
  const norm = (name: string) => {
    add(`${name}.weight`, [width], 0.3, 1);
    add(`${name}.bias`, [width], 0.2);
  };
  const linear = (name: string, out: number, inputs: number[], bias = true) => {
    const k = inputs.reduce((a, b) => a * b);
    add(`${name}.weight`, [out, ...inputs], Math.max(1.5 / Math.sqrt(k), 2 / 128));
    if (bias) add(`${name}.bias`, [out], 0.3);
  };
  add("cls_token", [1, 1, width], 0.5);
  if (prefixTokens === 2) add("dist_token", [1, 1, width], 0.5);
  add("pos_embed", [1, prefixTokens + (side / patch) ** 2, width], 0.5);
  linear("patch_embed.proj", width, [3, patch, patch]);
  for (let i = 0; i < depth; i++) {
    const block = `blocks.${i}`;
    norm(`${block}.norm1`);
    linear(`${block}.attn.qkv`, 3 * width, [width], vit.qkvBias);
    linear(`${block}.attn.proj`, width, [width]);
    norm(`${block}.norm2`);
    linear(`${block}.mlp.fc1`, mlpWidth, [width]);
    linear(`${block}.mlp.fc2`, width, [mlpWidth]);
    if (vit.layerScale) for (const n of [1, 2]) add(`${block}.ls${n}.gamma`, [width], 0.5, 0.7);
  }
  norm("norm");
  if (classes) linear("head", classes, [width]);
  if (vit.headsCount === 2) linear("head_dist", classes, [width]);
  return tensors;
}

function random(rng: Rng, shape: number[], scale: number, centre: number): Float32Array {
  const length = shape.reduce((a, b) => a * b);
  return rng.f32(length, scale).map((value) => Math.round((centre + value) * 128) / 128);
}

export type FloatType = "F32" | "F16" | "BF16";

/** The files of a folder, by timm's conventions: Q, K and V in one tensor. */
export function timmFiles(vit: MadeUpVit, tensors: Tensors, type: FloatType = "F32") {
  const { width, heads, depth, mlpWidth, side, patch, classes, qkvBias, layerScale } = vit;
  const kind = vit.headsCount === 2 ? "deit_tiny_distilled" : "vit_tiny";
  const sizes = { embed_dim: width, depth, num_heads: heads, patch_size: patch, mlp_ratio: mlpWidth / width };
  return files(tensors, type, {
    architecture: `${kind}_patch16_224`,
    num_classes: classes,
    model_args: { ...sizes, qkv_bias: qkvBias, ...(layerScale && { init_values: 1e-5 }) },
    pretrained_cfg: {
      ...{ input_size: [3, side, side], crop_pct: 1, interpolation: "bicubic", mean: MEAN, std: STD },
    },
  });
}

/** The same folder with its weights in two shards, `a.safetensors` and `b.safetensors`, and their index. */
export function shardsOf(model: Record<string, string | Uint8Array>): Record<string, string | Uint8Array> {
  const { "model.safetensors": weights, ...configs } = model;
  const bytes = weights as Uint8Array;
  const { entries, dataOffset } = parseSafetensorsHeader(bytes);
  const names = ["a.safetensors", "b.safetensors"];
  const shards = names.map((_, half) =>
    entries
      .filter((_, i) => i % 2 === half)
      .map((entry) => ({
        ...entry,
        bytes: bytes.subarray(dataOffset + entry.begin, dataOffset + entry.end),
      })),
  );
  const map = shards.flatMap((tensors, i) => tensors.map(({ name }) => [name, names[i]]));
  return {
    ...configs,
    "model.safetensors.index.json": JSON.stringify({ weight_map: Object.fromEntries(map) }),
    ...Object.fromEntries(shards.map((tensors, i) => [names[i], Buffer.concat(writeSafetensors(tensors))])),
  };
}

/** The same by transformers': Q, K and V apart, and other names. */
export function transformersFiles(
  vit: MadeUpVit,
  tensors: Tensors,
  type: FloatType = "F32",
  names: TransformersNames = "saved",
) {
  const family = transformersClass(vit);
  const config = {
    architectures: [family],
    hidden_size: vit.width,
    num_hidden_layers: vit.depth,
    num_attention_heads: vit.heads,
    intermediate_size: vit.mlpWidth,
    mlp_ratio: vit.mlpWidth / vit.width,
    image_size: vit.side,
    patch_size: vit.patch,
    num_labels: vit.classes || undefined,
    qkv_bias: vit.qkvBias,
    layer_norm_eps: 1e-6,
  };
  const preprocessor = {
    image_processor_type: "ViTImageProcessor",
    size: { height: vit.side, width: vit.side },
    image_mean: MEAN,
    image_std: STD,
  };
  return {
    ...files(inTransformersNames(family, tensors, names), type, config),
    "preprocessor_config.json": JSON.stringify(preprocessor),
  };
}

function transformersClass({ classes, layerScale, prefixTokens, headsCount }: MadeUpVit): string {
  if (classes === 0) return layerScale ? "Dinov2Model" : prefixTokens === 2 ? "DeiTModel" : "ViTModel";
  if (headsCount === 2) return "DeiTForImageClassificationWithTeacher";
  return prefixTokens === 2 ? "DeiTForImageClassification" : "ViTForImageClassification";
}

function files(tensors: Tensors, type: FloatType, config: object) {
  const stored = [...tensors].map(([name, { shape, values }]): StoredTensor => {
    return { name, dtype: type, shape, bytes: encode(values, type) };
  });
  return {
    "config.json": JSON.stringify(config),
    "model.safetensors": new Uint8Array(Buffer.concat(writeSafetensors(stored))),
  };
}

function encode(values: Float32Array, type: FloatType): Uint8Array {
  if (type === "F32") return new Uint8Array(values.slice().buffer);
  if (type === "F16") return new Uint8Array(toHalf(values).buffer);
  return new Uint8Array(
    Uint16Array.from(new Uint32Array(values.slice().buffer), (bits) => bits >>> 16).buffer,
  );
}

/** An image of the model's own size, so that no resize changes it. */
export function madeUpPicture({ side }: MadeUpVit, seed = 1) {
  return { width: side, height: side, rgba: seeded(seed).u8(side * side * 4) };
}

/** Logits (empty without a head) and the class token after the last norm: Dosovitskiy et al. 2021, in f64 throughout. */
export function forward(vit: MadeUpVit, tensors: Tensors, rgba: Uint8Array) {
  const of = (name: string): ArrayLike<number> => tensors.get(name)!.values;
  const linear = (x: Float64Array[], name: string) =>
    x.map((row) => affine(row, of(`${name}.weight`), tensors.get(`${name}.bias`)?.values));
  const norm = (x: Float64Array[], name: string) =>
    x.map((row) => layerNorm(row, of(`${name}.weight`), of(`${name}.bias`)));
  const add = (x: Float64Array[], y: Float64Array[], scale: string) =>
    x.map((row, t) => row.map((value, c) => value + y[t][c] * (tensors.get(scale)?.values[c] ?? 1)));

  const prefix = [of("cls_token"), ...(vit.prefixTokens === 2 ? [of("dist_token")] : [])];
  const embedded = [
    ...prefix.map((t) => Float64Array.from(t)),
    ...linear(patches(vit, rgba), "patch_embed.proj"),
  ];
  let x = embedded.map((row, t) => row.map((value, c) => value + of("pos_embed")[t * vit.width + c]));
  for (let i = 0; i < vit.depth; i++) {
    const at = `blocks.${i}`;
    const mixed = attention(vit, linear(norm(x, `${at}.norm1`), `${at}.attn.qkv`));
    x = add(x, linear(mixed, `${at}.attn.proj`), `${at}.ls1.gamma`);
    const hidden = linear(norm(x, `${at}.norm2`), `${at}.mlp.fc1`).map((row) => row.map(gelu.exact));
    x = add(x, linear(hidden, `${at}.mlp.fc2`), `${at}.ls2.gamma`);
  }
  const [first, second] = norm(x, "norm");
  return { embedding: first, logits: readOut(vit, linear, first, second) };
}

type Linear = (x: Float64Array[], name: string) => Float64Array[];

function readOut(
  { classes, headsCount }: MadeUpVit,
  linear: Linear,
  first: Float64Array,
  second: Float64Array,
) {
  if (classes === 0) return new Float64Array();
  const [logits] = linear([first], "head");
  if (headsCount === 1) return logits;
  const [distilled] = linear([second], "head_dist");
  return logits.map((logit, c) => (logit + distilled[c]) / 2);
}

/** Normalized pixels of each patch, [3, patch, patch]. */
function patches({ side, patch }: MadeUpVit, rgba: Uint8Array): Float64Array[] {
  const across = side / patch;
  return Array.from({ length: across ** 2 }, (_, p) =>
    Float64Array.from({ length: 3 * patch ** 2 }, (_, i) => {
      const channel = Math.floor(i / patch ** 2);
      const y = Math.floor(p / across) * patch + (Math.floor(i / patch) % patch);
      const x = (p % across) * patch + (i % patch);
      return (rgba[(y * side + x) * 4 + channel] / 255 - MEAN[channel]) / STD[channel];
    }),
  );
}

function affine(x: Float64Array, w: ArrayLike<number>, bias?: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: w.length / x.length }, (_, n) => {
    let sum = bias?.[n] ?? 0;
    for (let k = 0; k < x.length; k++) sum += x[k] * w[n * x.length + k];
    return sum;
  });
}

function layerNorm(x: Float64Array, gamma: ArrayLike<number>, beta: ArrayLike<number>): Float64Array {
  const mean = x.reduce((a, b) => a + b) / x.length;
  const variance = x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length;
  return x.map((value, c) => ((value - mean) / Math.sqrt(variance + 1e-6)) * gamma[c] + beta[c]);
}

function attention({ width, heads }: MadeUpVit, qkv: Float64Array[]): Float64Array[] {
  const dim = width / heads;
  return qkv.map((query) => {
    const y = new Float64Array(width);
    for (let head = 0; head < heads; head++) {
      const scores = qkv.map((key) => {
        let sum = 0;
        for (let d = head * dim; d < (head + 1) * dim; d++) sum += query[d] * key[width + d];
        return Math.exp(sum / Math.sqrt(dim));
      });
      const mass = scores.reduce((a, b) => a + b);
      for (let d = head * dim; d < (head + 1) * dim; d++)
        qkv.forEach((value, t) => {
          y[d] += (scores[t] / mass) * value[2 * width + d];
        });
    }
    return y;
  });
}
