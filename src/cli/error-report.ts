// The causes of a model's int8 error: every tensor against float32 arithmetic on the same images.

import { layersOf } from "../calibration/keep.ts";
import { Activations } from "../classifier/activations.ts";
import { uploadWeights } from "../classifier/gpu-device.ts";
import { storedTensors } from "../classifier/model.ts";
import { openPicture } from "../classifier/picture.ts";
import { UnsupportedModelError } from "../errors/errors.ts";
import { type Gpu, openGpu } from "../gpu/gpu.ts";
import { arithmeticOf } from "../lower/arithmetic.ts";
import type { Precision } from "../lower/pack/packer.ts";
import { programOf } from "../lower/program-of.ts";
import { parametersOf } from "../network/parameters.ts";
import { nodeGpu, restfulWait } from "../node/gpu.ts";
import { readPicture } from "../node/picture.ts";
import { floatTensors } from "../onnx/float-tensors.ts";
import { Noise, throughInt8 } from "../quant/noise.ts";
import {
  ActivationErrors,
  type ChannelPeaks,
  type StreamError,
  type TensorError,
} from "./activation-errors.ts";
import { type LayerCost, layerCosts } from "./layer-costs.ts";
import type { OpenModel } from "./model.ts";
import { ProgressBar } from "./progress.ts";
import { quantizationFacts } from "./quantization-words.ts";
import type { Terminal } from "./terminal.ts";

export interface ErrorReport {
  readonly model: string;
  readonly images: number;
  /** Bits of weights and activations of the model, such as `w4a8`. */
  readonly arithmetic: string;
  /** Worst first; only if requested. */
  readonly layers?: readonly LayerCost[];
  /** The value of `quantize --keep` that helps most; only with `layers`. */
  readonly keep?: string;
  /** The int8 tensors, worst first. */
  readonly tensors: readonly TensorError[];
  /** The residual stream, the embedding and the logits, in order: f32, with the errors of the steps before. */
  readonly stream: readonly StreamError[];
  readonly normInputs: readonly ChannelPeaks[];
}

/**
 * `model` as int8 (quantized if necessary) against `reference` in float32.
 * @throws UnsupportedModelError if there are no float weights to compare with, or activations have static levels
 */
export async function errorReport(
  model: OpenModel,
  reference: OpenModel,
  files: readonly string[],
  terminal: Terminal,
  options: { readonly layers?: boolean } = {},
): Promise<ErrorReport> {
  checkPair(model, reference);
  const gpu = await openGpu({ gpu: await nodeGpu(), wait: restfulWait });
  const bar = new ProgressBar(terminal, "comparing with float32");
  try {
    const weights = await weightErrors(model, reference, terminal.signal);
    const measured = await withActivations(gpu, model, reference, terminal.signal, async (int8, float32) => {
      const sums = new ActivationErrors(int8.tensors, int8.graph.network);
      for (const [i, file] of files.entries()) {
        terminal.signal.throwIfAborted();
        bar.update(i, files.length);
        const picture = await openPicture(await readPicture(file));
        sums.add(await float32.read(picture), await int8.read(picture));
        picture.close();
      }
      return sums;
    });
    bar.clear();
    const stored = model.quantization && (await floatTensors(model, terminal.signal));
    const layers = options.layers && (await layerCosts(reference, stored, files, terminal));
    const tensors = [...weights, ...measured.tensors()].sort((a, b) => a.ownDb - b.ownDb);
    return {
      model: model.folder.id,
      images: files.length,
      arithmetic: model.quantization ? quantizationFacts(model.quantization).bits : "w8a8",
      ...(layers && { layers, keep: keepOf(layers, model) }),
      tensors,
      stream: measured.stream(),
      normInputs: measured.normInputs(),
    };
  } finally {
    bar.clear();
    gpu.destroy();
  }
}

/** The worst layer that can be kept: in int8 if the weights have fewer bits, otherwise in float. */
function keepOf(layers: readonly LayerCost[], { network, quantization }: OpenModel): ErrorReport["keep"] {
  const as = quantization && quantization.bits < 8 ? "int8" : "float";
  const choice = layersOf(network).map(({ name }) => name);
  // The head always has 8 bits.
  const worst = layers.find(
    ({ layer }) => choice.includes(layer) && (as === "float" || /\bblocks\./.test(layer)),
  );
  return worst && `${worst.layer}=${as}`;
}

function checkPair(model: OpenModel, reference: OpenModel): void {
  const { calibration } = model.quantization ?? {};
  if (calibration)
    throw new UnsupportedModelError(
      `${model.folder.id}: expected activation scales computed at run time, got calibrated ones. Pass a model without calibration.`,
    );
  if (reference.quantization)
    throw new UnsupportedModelError(
      `${reference.folder.id}: expected a float model to compare with, got int8. Pass the float model that it was made from, alone or with --float.`,
    );
  const sizes = [model, reference].map(({ network }) => JSON.stringify([...parametersOf(network)]));
  if (sizes[0] !== sizes[1])
    throw new UnsupportedModelError(
      `${model.folder.id}: expected the sizes of ${reference.folder.id}, got others. Pass the float model that it was made from.`,
    );
}

async function weightErrors(
  model: OpenModel,
  reference: OpenModel,
  signal: AbortSignal,
): Promise<TensorError[]> {
  const errors: TensorError[] = [];
  const stored = model.quantization && (await floatTensors(model, signal));
  const shapes = parametersOf(reference.network);
  for (const [name, values] of await floatTensors(reference, signal)) {
    const shape = shapes.get(name.replace(PART, ".qkv."));
    if (!name.endsWith(".weight") || !shape || shape.length < 2) continue;
    const rowLength = shape.slice(1).reduce((a, b) => a * b);
    const noise = new Noise();
    noise.add(values, stored?.get(name) ?? throughInt8(values, rowLength));
    errors.push({ name, ownDb: noise.decibels });
  }
  return errors;
}

const PART = /\.(?:query|key|value)\./;

async function withActivations<T>(
  gpu: Gpu,
  model: OpenModel,
  reference: OpenModel,
  signal: AbortSignal,
  work: (int8: Activations, float32: Activations) => Promise<T>,
): Promise<T> {
  const opened: Activations[] = [];
  const open = async (from: OpenModel, precision: Precision) => {
    const program = await programOf(from, arithmeticOf({ precision }), gpu.capabilities);
    const weights = await uploadWeights(
      gpu,
      from.id,
      program.pack(storedTensors(from.folder, from, { signal })),
    );
    opened.push(await Activations.open(gpu, from, program, weights));
  };
  await open(model, "int8");
  await open(reference, "float32");
  try {
    return await work(opened[0], opened[1]);
  } finally {
    for (const activations of opened) activations.destroy();
  }
}
