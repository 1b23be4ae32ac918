// Models of real shapes with synthetic, seeded weights: speed does not depend on the values.

import { uploadWeights } from "../classifier/gpu-device.ts";
import type { ModelDescription } from "../classifier/model.ts";
import type { Fields } from "../format/fields.ts";
import { type TensorEntry, writeSafetensors } from "../format/safetensors.ts";
import type { Arena } from "../gpu/arena.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { affineOf } from "../image/normalise.ts";
import type { StoredTensor } from "../lower/pack/stored-tensor.ts";
import type { Program } from "../lower/program.ts";
import vit from "../network/families/vit.ts";
import { type Model, modelOf } from "../network/model.ts";
import type { CanonicalName } from "../network/names.ts";
import { parametersOf } from "../network/parameters.ts";
import { splitQkv } from "../onnx/model.ts";
import { elementCount } from "../tensor/dtype.ts";
import { type Rng, seeded } from "../testing/cases.ts";

export interface Shape {
  readonly width: number;
  readonly heads: number;
  readonly depth: number;
}

/** DeiT's sizes, and ViT-L. */
export const SHAPES = {
  ti: { width: 192, heads: 3, depth: 12 },
  s: { width: 384, heads: 6, depth: 12 },
  b: { width: 768, heads: 12, depth: 12 },
  l: { width: 1024, heads: 16, depth: 24 },
} as const satisfies Record<string, Shape>;
export type ShapeName = keyof typeof SHAPES;

/** The files of a model: a thousand classes, patches of 16 pixels, images of `imageSize` a side. */
export function madeUpFolder(shape: Shape, imageSize = 224): Record<string, string | Uint8Array> {
  const model = madeUpModel("synthetic", shape, imageSize);
  const tensors = [...tensorsOf(model)].map(({ entry: { name, dtype, shape }, bytes }) => ({
    name: model.names.stored(name),
    dtype,
    shape,
    bytes,
  }));
  const config = configsOf(shape, imageSize);
  const pieces = writeSafetensors(tensors);
  const file = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    file.set(piece, at);
    at += piece.byteLength;
  }
  return {
    "config.json": JSON.stringify(config[0]),
    "preprocessor_config.json": JSON.stringify(config[1]),
    "model.safetensors": file,
  };
}

export function madeUpModel(id: string, shape: Shape, imageSize = 224): ModelDescription {
  const model = modelOf(vit, ...configsOf(shape, imageSize));
  return { ...model, id, affine: affineOf(model.preprocessing) };
}

function configsOf(
  { width, heads, depth }: Shape,
  imageSize: number,
): [config: Fields, preprocessor: Fields] {
  const classes = Array.from({ length: 1000 }, (_, i) => [i, `class ${i}`]);
  return [
    {
      model_type: "vit",
      architectures: ["ViTForImageClassification"],
      hidden_size: width,
      num_hidden_layers: depth,
      num_attention_heads: heads,
      intermediate_size: 4 * width,
      image_size: imageSize,
      patch_size: 16,
      id2label: Object.fromEntries(classes),
    },
    {
      size: { height: imageSize, width: imageSize },
      image_mean: [0.5, 0.5, 0.5],
      image_std: [0.5, 0.5, 0.5],
    },
  ];
}

/** The same weights every time and in any arithmetic, on the GPU by the names that steps use. */
export function madeUpWeights(gpu: Gpu, model: ModelDescription, program: Program): Promise<Arena> {
  return uploadWeights(gpu, model.id, program.pack(madeUpTensors(model)));
}

/** The same weights as a checkpoint's tensors. */
export async function* madeUpTensors(model: Model): AsyncGenerator<StoredTensor> {
  for (const { entry, bytes } of tensorsOf(model)) yield { name: entry.name, entry, bytes };
}

/** The same weights once more, as an ONNX file takes them. */
export function madeUpFloats(model: Model): Map<CanonicalName, Float32Array> {
  const tensors = new Map<CanonicalName, Float32Array>();
  for (const { entry, bytes } of tensorsOf(model))
    tensors.set(entry.name, new Float32Array(bytes.buffer as ArrayBuffer));
  splitQkv(tensors);
  return tensors;
}

function* tensorsOf({ network }: Model): Generator<{ entry: TensorEntry; bytes: Uint8Array }> {
  const rng = seeded(1);
  for (const [name, shape] of parametersOf(network)) {
    const bytes = new Uint8Array(madeUpTensor(name, shape, rng).buffer);
    yield { entry: { name, dtype: "F32", shape: [...shape], begin: 0, end: bytes.length }, bytes };
  }
}

/** Sizes as training leaves them: norms near 1, a layer's outputs about as large as its inputs. */
function madeUpTensor(name: CanonicalName, shape: readonly number[], rng: Rng): Float32Array {
  const count = elementCount(shape);
  if (/norm\d?\.weight$/.test(name)) return new Float32Array(count).fill(1);
  if (!name.endsWith(".weight")) return rng.f32(count, 0.02);
  return rng.f32(count, Math.sqrt(3 / (count / shape[0])));
}
