// The calibrated half of `vit8 quantize`: pictures of a folder, an observed run, a method.

import type { MethodName, Width } from "../calibration/methods.ts";
import { METHODS, WIDTHS } from "../calibration/methods.ts";
import { observe } from "../calibration/observations.ts";
import { randomFrom } from "../calibration/observe.ts";
import { calibratedFiles, dynamicFiles, readFloatModel } from "../calibration/quantize.ts";
import { openPicture } from "../classifier/picture.ts";
import type { ModelFolder } from "../format/folder.ts";
import { openGpu } from "../gpu/gpu.ts";
import { nodeGpu, restfulWait } from "../node/gpu.ts";
import { readPicture } from "../node/picture.ts";
import { type Arguments, type Option, type Terminal, UsageError } from "./command.ts";
import { picturesIn } from "./pictures.ts";
import { ProgressBar } from "./progress.ts";

export const CALIBRATION_OPTIONS: Record<string, Option> = {
  method: {
    value: "NAME",
    help: `dynamic (default), or with --calibrate ${Object.keys(METHODS).join(", ")}`,
  },
  bits: {
    value: "BITS",
    help: `of weights and activations: ${Object.keys(WIDTHS).join(", ")}; default w8a8`,
  },
  calibrate: { value: "FOLDER", help: "pictures to see activations on; their labels are not asked for" },
  images: { value: "N", help: "how many of them; default 64" },
  seed: { value: "N", help: "which of them, and which rows are kept; default 1" },
  "bias-correction": { help: "add to each bias what a layer's outputs lost on the mean" },
  "norm-inputs": { help: "quantise what LayerNorm reads too" },
};

export interface Calibration {
  readonly method: MethodName | "dynamic";
  readonly bits: Width;
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
  const pictures = args.text("calibrate");
  if (method !== "dynamic" && !Object.hasOwn(METHODS, method))
    throw new UsageError(
      `--method: expected dynamic or one of ${Object.keys(METHODS).join(", ")}, came ${method}`,
    );
  if (!Object.hasOwn(WIDTHS, bits))
    throw new UsageError(`--bits: expected one of ${Object.keys(WIDTHS).join(", ")}, came ${bits}`);
  if (method === "dynamic" && bits !== "w8a8" && bits !== "w4a8")
    throw new UsageError(
      `--bits ${bits}: activations of fewer than 8 bits need a --method, and --calibrate FOLDER`,
    );
  if (method !== "dynamic" && !pictures)
    throw new UsageError(`--method ${method}: expected --calibrate FOLDER`);
  if (method === "dynamic" && pictures)
    throw new UsageError("--calibrate: expected a --method that uses pictures");
  return {
    method: method as Calibration["method"],
    bits: bits as Width,
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
  { method, bits, pictures, images, ...options }: Calibration,
  terminal: Terminal,
): Promise<Map<string, Uint8Array[]>> {
  const { signal } = terminal;
  if (method === "dynamic")
    return dynamicFiles(await readFloatModel(folder, signal), WIDTHS[bits].weights as 4 | 8);
  const files = chosen(await picturesIn(pictures!), images, options.seed);
  const gpu = await openGpu({ gpu: await nodeGpu(), wait: restfulWait });
  const bar = new ProgressBar(terminal, `calibrating on ${files.length} pictures`);
  try {
    const observations = await observe(
      gpu,
      folder,
      files.map((file) => async () => openPicture(await readPicture(file))),
      { seed: options.seed, signal, onProgress: (done, total) => bar.update(done, total) },
    );
    return await calibratedFiles(observations, { method, bits, ...options });
  } finally {
    bar.clear();
    gpu.destroy();
  }
}

/** `count` of them by the seed, in their order. */
export function chosen<T>(from: readonly T[], count: number, seed: number): T[] {
  const random = randomFrom(seed);
  const picked = new Set<number>();
  while (picked.size < Math.min(count, from.length)) picked.add(Math.floor(random() * from.length));
  return [...picked].sort((a, b) => a - b).map((i) => from[i]);
}
