// Calibration for `vit8 quantize`: images of a folder, an observed run, a method.

import type { Keep } from "../calibration/keep.ts";
import { METHODS, type MethodName, WIDTHS, type Width } from "../calibration/methods.ts";
import { chosen } from "../calibration/observe.ts";
import { checkOptions, quantizedFolder } from "../calibration/quantize-model.ts";
import { GRANULARITIES, type Granularity } from "../calibration/weights.ts";
import { openPicture } from "../classifier/picture.ts";
import { inLine } from "../errors/visible.ts";
import type { ModelFolder } from "../format/folder.ts";
import { openGpu } from "../gpu/gpu.ts";
import { nodeGpu, restfulWait } from "../node/gpu.ts";
import { readPicture } from "../node/picture.ts";
import { type Arguments, type Option, UsageError } from "./command.ts";
import { goodPictures } from "./good-pictures.ts";
import { hashOf } from "./picture-hash.ts";
import { picturesIn } from "./pictures.ts";
import { ProgressBar } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

export const CALIBRATION_OPTIONS: Record<string, Option> = {
  method: {
    value: "NAME",
    help: `dynamic (default), or with --calibrate ${Object.keys(METHODS).join(", ")}`,
  },
  bits: {
    value: "BITS",
    help: `bits of weights and activations: ${Object.keys(WIDTHS).join(", ")}; default w8a8`,
  },
  weights: {
    value: "WHAT",
    help: `granularity of weight scales: ${GRANULARITIES.join(", ")} (16 inputs, 4 bits); default: that of the method`,
  },
  keep: {
    value: "LAYER=AS",
    several: true,
    help: "keep a layer float, or int8 where others have fewer bits: blocks.11.fc1=float; several times, or with commas",
  },
  calibrate: {
    value: "FOLDER",
    help: "folder of calibration images, searched recursively; labels are not needed",
  },
  images: { value: "N", help: "number of calibration images; default 64" },
  seed: { value: "N", help: "random seed for the choice of images and rows; default 1" },
  "bias-correction": { help: "correct each bias by the mean error of its layer's outputs" },
  "norm-inputs": { help: "also quantize the inputs of LayerNorm" },
};

export interface Calibration {
  readonly method: MethodName | "dynamic";
  readonly bits: Width;
  readonly weights?: Granularity;
  readonly pictures?: string;
  readonly images: number;
  readonly seed: number;
  readonly biasCorrection: boolean;
  readonly normInputs: boolean;
  readonly keep: Keep;
}

/** Reads the options. @throws UsageError */
export function calibrationOf(args: Arguments): Calibration {
  const pictures = args.text("calibrate");
  const calibration = {
    method: (args.text("method") ?? "dynamic") as Calibration["method"],
    bits: (args.text("bits") ?? "w8a8") as Width,
    weights: args.text("weights") as Granularity | undefined,
    pictures,
    images: args.count("images") ?? 64,
    seed: args.count("seed") ?? 1,
    biasCorrection: args.flag("bias-correction"),
    normInputs: args.flag("norm-inputs"),
    keep: keepOf(args),
  };
  try {
    checkOptions(calibration);
  } catch (error) {
    throw new UsageError(`--${(error as RangeError).message}`);
  }
  const { method } = calibration;
  if (method !== "dynamic" && !pictures)
    throw new UsageError(`--method ${method}: expected --calibrate FOLDER, got none.`);
  if (method === "dynamic" && pictures)
    throw new UsageError("--calibrate: expected a --method that uses images, got dynamic.");
  return calibration;
}

/** Reads `--keep`. The layers are checked later, with the model. */
function keepOf(args: Arguments): Keep {
  const kept = (args.list("keep") ?? []).map((text) => {
    const [, layer, as] = /^([^=]+)=(float|int8)$/.exec(text) ?? [];
    if (layer) return [layer, as];
    throw new UsageError(`--keep: expected LAYER=float or LAYER=int8, got "${text}".`);
  });
  return Object.fromEntries(kept);
}

/** Every file of the quantized folder, without its model card. */
export async function filesOfCalibration(
  folder: ModelFolder,
  { pictures, ...options }: Calibration,
  terminal: Terminal,
): Promise<Map<string, Uint8Array[]>> {
  const { images, seed } = options;
  const all = pictures ? await picturesIn(pictures) : [];
  const some = chosen(all, images, seed);
  const words = `calibrating on ${some.length} of ${all.length} images in ${inLine(pictures ?? "")}`;
  if (pictures) terminal.tell(`vit8: ${words}\n`);
  const files = await goodPictures(some, (file) => file, terminal);
  const pictureHashes = pictures ? await Promise.all(files.map(hashOf)) : undefined;
  const bars = {
    download: new ProgressBar(terminal, `reading ${folder.id}`),
    observe: new ProgressBar(terminal, "calibrating"),
    quantize: new ProgressBar(terminal, "quantizing"),
  };
  return quantizedFolder(
    folder,
    files.map((file) => async () => openPicture(await readPicture(file))),
    async () => openGpu({ gpu: await nodeGpu(), wait: restfulWait }),
    {
      ...options,
      pictureHashes,
      signal: terminal.signal,
      onProgress: ({ stage, done, total = 0 }) => bars[stage].update(done, total),
    },
  ).finally(() => {
    for (const bar of Object.values(bars)) bar.clear();
  });
}
