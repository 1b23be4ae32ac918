// Quantizes a float model by the name of a method, for the command line and for pages.

import type { PictureSource } from "../classifier/picture.ts";
import type { ModelFolder } from "../format/folder.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { describeFloatModel } from "./float-model.ts";
import { checkKeep, type Keep, Kept } from "./keep.ts";
import { isOffered, METHODS, type MethodName, WIDTHS, type Width } from "./methods.ts";
import { observe } from "./observations.ts";
import { chosen } from "./observe.ts";
import { calibratedFiles, dynamicFiles, readFloatModel } from "./quantize.ts";
import { quantizedFiles } from "./quantized-model.ts";
import { GRANULARITIES, type Granularity } from "./weights.ts";

/** The progress of a quantization. */
export interface QuantizeProgress {
  /** The stage, which sets the unit of `done` and `total`: `download` bytes, `observe` images, `quantize` blocks of the model. */
  readonly stage: "download" | "observe" | "quantize";
  readonly done: number;
  /** Undefined if the server does not send the size. */
  readonly total: number | undefined;
}

/** Options of a quantization. */
export interface QuantizeOptions {
  /**
   * Quantization method. `dynamic` computes scales at run time, and needs no images.
   * @default "dynamic"
   */
  readonly method?: MethodName | "dynamic";
  /**
   * Bits of weights and activations. `dynamic` and `gptq` support `w8a8` and `w4a8`.
   * @default "w8a8"
   */
  readonly bits?: Width;
  /**
   * Maximum number of images to use, chosen by `seed`.
   * @default 64
   */
  readonly images?: number;
  /**
   * Seed for the choice of images and of their rows.
   * @default 1
   */
  readonly seed?: number;
  /** Granularity of weight scales; without it, that of the method (for 4-bit `dynamic`, groups of 16 inputs). */
  readonly weights?: Granularity;
  /**
   * Layers to keep more precise than the others: `{ "blocks.11.fc1": "float" }`, or `"int8"` where the others have fewer bits. `float` needs
   * scales that are computed at run time: method `dynamic` or `gptq`.
   */
  readonly keep?: Keep;
  /** Corrects each bias by the mean error of its layer's outputs. */
  readonly biasCorrection?: boolean;
  /** Also quantizes the inputs of LayerNorm. */
  readonly normInputs?: boolean;
  /** Hashes of the images, stored in config.json. */
  readonly pictureHashes?: readonly string[];
  /** Aborts the call. */
  readonly signal?: AbortSignal;
  /** Called as the work proceeds. */
  readonly onProgress?: (progress: QuantizeProgress) => void;
}

/** Opens an image when it is needed. */
export type OpenPicture = () => Promise<PictureSource>;

/**
 * Returns every file of the quantized folder by name, in pieces, without README.md. Calls `openGpu` only if the method needs images, and
 * destroys the result.
 * @throws RangeError for options that cannot be combined, or a layer to keep that the model does not have; UnsupportedModelError if the model is already quantized
 */
export async function quantizedFolder(
  folder: ModelFolder,
  pictures: readonly OpenPicture[],
  openGpu: () => Promise<Gpu>,
  options: QuantizeOptions,
): Promise<Map<string, Uint8Array[]>> {
  checkOptions(options);
  if (options.method && options.method !== "dynamic" && pictures.length === 0)
    throw new RangeError(
      `images: expected some to calibrate method ${options.method}, got none. Pass a few images.`,
    );
  const { method = "dynamic", bits = "w8a8", images = 64, seed = 1, signal, onProgress } = options;
  const { weights, biasCorrection, normInputs, pictureHashes, keep } = options;
  const tell = (stage: QuantizeProgress["stage"]) => (done: number, total?: number) =>
    onProgress?.({ stage, done, total });
  const reading = { signal, onBytes: tell("download") };
  if (method === "dynamic") {
    if (bits === "w8a8" && !weights) return quantizedFiles(folder, { ...reading, keep });
    return dynamicFiles(await readFloatModel(folder, reading), bits === "w8a8" ? 8 : 4, weights, keep);
  }
  // Reject an unknown layer before the images are opened.
  if (keep) new Kept(await describeFloatModel(folder, signal), keep);
  const gpu = await openGpu();
  try {
    const seen = { ...reading, seed, onPicture: tell("observe") };
    const observations = await observe(gpu, folder, chosen(pictures, images, seed), seen);
    const onBlock = tell("quantize");
    return await calibratedFiles(observations, {
      ...{ method, bits, weights, biasCorrection, normInputs, pictureHashes, keep },
      ...{ signal, onBlock },
    });
  } finally {
    gpu.destroy();
  }
}

/** @throws RangeError for unknown options, or options that cannot be combined. */
export function checkOptions(options: QuantizeOptions): void {
  const { method = "dynamic", bits = "w8a8", weights, images = 64, seed = 1, keep = {} } = options;
  for (const [name, value] of Object.entries({ images, seed }))
    if (!(Number.isSafeInteger(value) && value >= 1))
      throw new RangeError(`${name}: expected a whole number of 1 or more, got ${value}.`);
  if (method !== "dynamic" && !Object.hasOwn(METHODS, method))
    throw new RangeError(
      `method: expected dynamic or one of ${Object.keys(METHODS).join(", ")}, got ${method}.`,
    );
  if (!Object.hasOwn(WIDTHS, bits))
    throw new RangeError(`bits: expected one of ${Object.keys(WIDTHS).join(", ")}, got ${bits}.`);
  if (!isOffered(method, bits))
    throw new RangeError(
      `method: expected one that calibrates activations for bits ${bits}, got ${method}. Choose minmax, for example.`,
    );
  if (weights !== undefined && !GRANULARITIES.includes(weights))
    throw new RangeError(`weights: expected one of ${GRANULARITIES.join(", ")}, got ${weights}.`);
  if (!isOffered(method, bits, weights))
    throw new RangeError(`bits: expected w4a8 or w4a4 with weights ${weights}, got ${bits}.`);
  checkKeep(keep, method, bits);
}
