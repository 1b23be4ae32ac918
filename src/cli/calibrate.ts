// The calibrated half of `vit8 quantize`: pictures of a folder, an observed run, a method.

import {
  isDynamic,
  isOffered,
  METHODS,
  type MethodName,
  WIDTHS,
  type Width,
} from "../calibration/methods.ts";
import { chosen } from "../calibration/observe.ts";
import { quantizedFolder } from "../calibration/quantize-model.ts";
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
    help: `of weights and activations: ${Object.keys(WIDTHS).join(", ")}; default w8a8`,
  },
  weights: {
    value: "WHAT",
    help: `what shares a scale of weights: ${GRANULARITIES.join(", ")} (of 16, in 4 bits); default: as the method has it`,
  },
  calibrate: {
    value: "FOLDER",
    help: "pictures to see activations on, those of folders below included; labels are not needed",
  },
  images: { value: "N", help: "how many of them; default 64" },
  seed: { value: "N", help: "which of them, and which rows are kept; default 1" },
  "bias-correction": { help: "add to each bias what a layer's outputs lost on the mean" },
  "norm-inputs": { help: "quantise what LayerNorm reads too" },
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
}

/** What the options ask for. @throws UsageError */
export function calibrationOf(args: Arguments): Calibration {
  const method = args.text("method") ?? "dynamic";
  const bits = args.text("bits") ?? "w8a8";
  const weights = args.text("weights");
  const pictures = args.text("calibrate");
  if (method !== "dynamic" && !Object.hasOwn(METHODS, method))
    throw new UsageError(
      `--method: expected dynamic or one of ${Object.keys(METHODS).join(", ")}, came ${method}`,
    );
  if (!Object.hasOwn(WIDTHS, bits))
    throw new UsageError(`--bits: expected one of ${Object.keys(WIDTHS).join(", ")}, came ${bits}`);
  if (isDynamic(method as MethodName) && !isOffered(method as MethodName, bits as Width))
    throw new UsageError(
      `--bits ${bits}: activations of fewer than 8 bits need a --method other than ${method}, and --calibrate FOLDER`,
    );
  if (weights !== undefined && !(GRANULARITIES as readonly string[]).includes(weights))
    throw new UsageError(`--weights: expected one of ${GRANULARITIES.join(", ")}, came ${weights}`);
  if (!isOffered(method as MethodName, bits as Width, weights as Granularity | undefined))
    throw new UsageError(`--weights ${weights}: expected --bits w4a8 or w4a4, came ${bits}`);
  if (method !== "dynamic" && !pictures)
    throw new UsageError(`--method ${method}: expected --calibrate FOLDER`);
  if (method === "dynamic" && pictures)
    throw new UsageError("--calibrate: expected a --method that uses pictures");
  return {
    method: method as Calibration["method"],
    bits: bits as Width,
    weights: weights as Granularity | undefined,
    pictures,
    images: args.count("images") ?? 64,
    seed: args.count("seed") ?? 1,
    biasCorrection: args.flag("bias-correction"),
    normInputs: args.flag("norm-inputs"),
  };
}

/** Every file of the quantised folder, but for its card. */
export async function filesOfCalibration(
  folder: ModelFolder,
  { pictures, ...options }: Calibration,
  terminal: Terminal,
): Promise<Map<string, Uint8Array[]>> {
  const { images, seed } = options;
  const all = pictures ? await picturesIn(pictures) : [];
  const some = chosen(all, images, seed);
  const words = `calibrating on ${some.length} of ${all.length} pictures in ${inLine(pictures ?? "")} and below`;
  if (pictures) terminal.tell(`vit8: ${words}\n`);
  const files = await goodPictures(some, (file) => file, terminal);
  const pictureHashes = pictures ? await Promise.all(files.map(hashOf)) : undefined;
  const bars = {
    download: new ProgressBar(terminal, `reading ${folder.id}`),
    observe: new ProgressBar(terminal, "looking at pictures"),
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
