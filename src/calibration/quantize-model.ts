// A float model to a quantised one by a method's name: what the command line and a page share.

import type { PictureSource } from "../classifier/picture.ts";
import type { ModelFolder } from "../format/folder.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { isOffered, METHODS, type MethodName, WIDTHS, type Width } from "./methods.ts";
import { observe } from "./observations.ts";
import { chosen } from "./observe.ts";
import { calibratedFiles, dynamicFiles, readFloatModel } from "./quantize.ts";
import { quantizedFiles } from "./quantized-model.ts";
import { GRANULARITIES, type Granularity } from "./weights.ts";

export interface QuantizeProgress {
  /** `download` counts bytes of the float weights, `observe` pictures, `quantize` blocks of the model. */
  readonly stage: "download" | "observe" | "quantize";
  readonly done: number;
  /** Undefined where a server does not say how long a file is. */
  readonly total: number | undefined;
}

export interface QuantizeOptions {
  /** How levels are chosen; default `dynamic`: scales made at run time, for which no pictures are needed. */
  readonly method?: MethodName | "dynamic";
  /** Bits of weights and activations; default `w8a8`. `dynamic` and `gptq` have `w8a8` and `w4a8`. */
  readonly bits?: Width;
  /** Of the pictures as many are used at most, chosen by `seed`; default 64. */
  readonly images?: number;
  /** Which pictures are used, and which rows of them are kept; default 1. */
  readonly seed?: number;
  /** What shares a scale of weights; default: as the method has it, for `dynamic` in 4 bits a group of 16 inputs. */
  readonly weights?: Granularity;
  /** Adds to each bias what a layer's outputs lost on the mean. */
  readonly biasCorrection?: boolean;
  /** Quantises what LayerNorm reads too. */
  readonly normInputs?: boolean;
  /** Of the pictures that are used, kept in config.json. */
  readonly pictureHashes?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: QuantizeProgress) => void;
}

/** Pictures are opened when their turn comes. */
export type OpenPicture = () => Promise<PictureSource>;

/**
 * Every file of the quantised folder by name, in pieces, but for README.md. `openGpu` is called where a method looks at
 * pictures, and what it gives is destroyed.
 * @throws RangeError for options that do not go together; UnsupportedModelError for a model that is quantised already.
 */
export async function quantizedFolder(
  folder: ModelFolder,
  pictures: readonly OpenPicture[],
  openGpu: () => Promise<Gpu>,
  options: QuantizeOptions,
): Promise<Map<string, Uint8Array[]>> {
  checkOptions(options, pictures.length);
  const { method = "dynamic", bits = "w8a8", images = 64, seed = 1, signal, onProgress } = options;
  const { weights, biasCorrection, normInputs, pictureHashes } = options;
  const tell = (stage: QuantizeProgress["stage"]) => (done: number, total?: number) =>
    onProgress?.({ stage, done, total });
  const reading = { signal, onBytes: tell("download") };
  if (method === "dynamic") {
    if (bits === "w8a8" && !weights) return quantizedFiles(folder, reading);
    return dynamicFiles(await readFloatModel(folder, reading), bits === "w8a8" ? 8 : 4, weights);
  }
  const gpu = await openGpu();
  try {
    const seen = { ...reading, seed, onPicture: tell("observe") };
    const observations = await observe(gpu, folder, chosen(pictures, images, seed), seen);
    const onBlock = tell("quantize");
    return await calibratedFiles(observations, {
      ...{ method, bits, weights, biasCorrection, normInputs, pictureHashes },
      ...{ signal, onBlock },
    });
  } finally {
    gpu.destroy();
  }
}

/** @throws RangeError for what there is not, or does not go together. */
function checkOptions(
  { method = "dynamic", bits = "w8a8", weights, images = 64, seed = 1 }: QuantizeOptions,
  pictures: number,
): void {
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
      `method: expected one that calibrates activations for bits ${bits}, got dynamic. Choose minmax, for example.`,
    );
  if (weights !== undefined && !GRANULARITIES.includes(weights))
    throw new RangeError(`weights: expected one of ${GRANULARITIES.join(", ")}, got ${weights}.`);
  if (!isOffered(method, bits, weights))
    throw new RangeError(`bits: expected w4a8 or w4a4 with weights ${weights}, got ${bits}.`);
  if (method !== "dynamic" && pictures === 0)
    throw new RangeError(`images: expected some to calibrate method ${method}, got none. Pass a few images.`);
}
