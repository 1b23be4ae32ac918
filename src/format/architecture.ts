/** What a Vision Transformer is, whoever described it: the one form that config.json of any dialect is read into. */
import { UnsupportedModelError } from "../errors/errors.ts";
import { asInteger, asSize, type Fields, readPositive, unsupported } from "./fields.ts";
import type { Quantization } from "./quantization-config.ts";

export type Activation = "gelu" | "gelu_tanh" | "quick_gelu";

/** What makes scores of logits: `softmax` over all classes, or `sigmoid` of each. */
export type Scoring = "softmax" | "sigmoid";

export interface VitArchitecture {
  /** As the config names it: a transformers class or a timm model. */
  family: string;
  /** Pixels. */
  imageWidth: number;
  imageHeight: number;
  /** Pixels along each side of a patch. */
  patchSize: number;
  /** Channels of a token. */
  width: number;
  /** Blocks. */
  depth: number;
  heads: number;
  headDim: number;
  /** Channels between the two layers of the MLP. */
  mlpWidth: number;
  /** 0 in an embedding model, which has no head. */
  classes: number;
  /** The class token, and the distillation token where there is one. */
  prefixTokens: 1 | 2;
  /** 2 when logits are the mean of a class and a distillation head. */
  headsCount: 1 | 2;
  qkvBias: boolean;
  /** How positions of another grid are fitted. */
  antialiasPositions?: boolean;
  layerScale: boolean;
  layerNormEps: number;
  activation: Activation;
  /** One for each class. */
  labels: string[];
  scoring: Scoring;
  quantization?: Quantization;
}

/** The most pixels along a side of the picture that a model takes. */
export const MAX_IMAGE_SIDE = 4096;
export const MAX_CLASSES = 21_843;
export const MAX_MLP_WIDTH = 65_536;
const MAX_TOKENS = 65_536;
const HEAD_DIMS = [32, 64, 80];

/** Tokens of patches across and down. */
export function patchGrid(picture: { imageWidth: number; imageHeight: number; patchSize: number }) {
  const { imageWidth, imageHeight, patchSize } = picture;
  return { width: imageWidth / patchSize, height: imageHeight / patchSize };
}

/** A patch's side; throws UnsupportedModelError for one that is not square. */
export function asPatchSize(value: unknown): number {
  const { width, height } = asSize(value, "patch_size", 256);
  if (width === height) return width;
  throw unsupported("patch_size", "a square", `${width}x${height}`);
}

/** The MLP's width by its ratio to the token's, 4 where the config is silent. */
export function readMlpWidth(fields: Fields, width: number): number {
  return asInteger(Math.floor(width * readPositive(fields, "mlp_ratio", 4)), "mlp width", 1, MAX_MLP_WIDTH);
}

/** Adds the head dim; throws UnsupportedModelError when the sizes do not fit one another or vit8. */
export function checkedArchitecture(sizes: Omit<VitArchitecture, "headDim">): VitArchitecture {
  const { family, width, heads } = sizes;
  const headDim = width / heads;
  if (!HEAD_DIMS.includes(headDim)) {
    throw new UnsupportedModelError(
      `${family}: a head dim of ${HEAD_DIMS.join(", ")} is supported, but ${width} channels in ${heads} heads came`,
    );
  }
  checkGrid(sizes);
  return { ...sizes, headDim };
}

/** Throws UnsupportedModelError when the picture is not a whole number of patches, or too many. */
export function checkGrid(architecture: Omit<VitArchitecture, "headDim">): void {
  const { family, imageWidth, imageHeight, patchSize } = architecture;
  const { width, height } = patchGrid(architecture);
  if (Number.isInteger(width) && Number.isInteger(height) && width * height <= MAX_TOKENS) return;
  throw new UnsupportedModelError(
    `${family}: expected whole patches of ${patchSize} pixels, at most ${MAX_TOKENS}, but the picture is ${imageWidth}x${imageHeight}`,
  );
}
