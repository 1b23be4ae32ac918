// Where a model loses accuracy in int8: every tensor against float32 arithmetic on the same pictures.

import { Activations } from "../classifier/activations.ts";
import { uploadWeights } from "../classifier/gpu-device.ts";
import { loadWeights } from "../classifier/model.ts";
import { openPicture } from "../classifier/picture.ts";
import { UnsupportedModelError } from "../errors/errors.ts";
import { type Gpu, openGpu } from "../gpu/gpu.ts";
import { nodeGpu, restfulWait } from "../node/gpu.ts";
import { readPicture } from "../node/picture.ts";
import { floatTensors } from "../onnx/float-tensors.ts";
import { Noise, throughInt8 } from "../quant/noise.ts";
import type { Precision } from "../vit/weights.ts";
import {
  ActivationErrors,
  type ChannelPeaks,
  type StreamError,
  type TensorError,
} from "./activation-errors.ts";
import type { Terminal } from "./command.ts";
import type { OpenModel } from "./model.ts";
import { ProgressBar } from "./progress.ts";

export interface ErrorReport {
  readonly model: string;
  readonly images: number;
  /** What is int8, worst first. */
  readonly tensors: readonly TensorError[];
  /** The residual stream, the embedding and the logits, in their order: f32, and wrong by what came before. */
  readonly stream: readonly StreamError[];
  readonly normInputs: readonly ChannelPeaks[];
}

/** @throws UnsupportedModelError for an int8 folder, which has no float weights to compare with. */
export async function errorReport(
  model: OpenModel,
  files: readonly string[],
  terminal: Terminal,
): Promise<ErrorReport> {
  if (model.architecture.quantization)
    throw new UnsupportedModelError(
      `${model.folder.id}: is int8 and has no float32 to compare with; give the float model`,
    );
  const gpu = await openGpu({ gpu: await nodeGpu(), wait: restfulWait });
  const bar = new ProgressBar(terminal, "comparing with float32");
  try {
    const weights = await weightErrors(model, terminal.signal);
    const measured = await withActivations(gpu, model, terminal.signal, async (int8, float32) => {
      const sums = new ActivationErrors(int8.shapes);
      for (const [i, file] of files.entries()) {
        terminal.signal.throwIfAborted();
        bar.update(i, files.length);
        const picture = await openPicture(await readPicture(file));
        sums.add(await float32.read(picture), await int8.read(picture));
        picture.close();
      }
      return sums;
    });
    const tensors = [...weights, ...measured.tensors()].sort((a, b) => a.ownDb - b.ownDb);
    return {
      model: model.folder.id,
      images: files.length,
      tensors,
      stream: measured.stream(),
      normInputs: measured.normInputs(model.architecture.width),
    };
  } finally {
    bar.clear();
    gpu.destroy();
  }
}

async function weightErrors(model: OpenModel, signal: AbortSignal): Promise<TensorError[]> {
  const errors: TensorError[] = [];
  for (const [name, values] of await floatTensors(model, signal)) {
    const shape = model.tensors.get(name)?.shape ?? model.tensors.get(name.replace(PART, ".qkv."))?.shape;
    if (!name.endsWith(".weight") || !shape || shape.length < 2) continue;
    const noise = new Noise();
    noise.add(
      values,
      throughInt8(
        values,
        shape.slice(1).reduce((a, b) => a * b),
      ),
    );
    errors.push({ name, ownDb: noise.decibels });
  }
  return errors;
}

const PART = /\.(?:query|key|value)\./;

async function withActivations<T>(
  gpu: Gpu,
  model: OpenModel,
  signal: AbortSignal,
  work: (int8: Activations, float32: Activations) => Promise<T>,
): Promise<T> {
  const opened: Activations[] = [];
  const open = async (precision: Precision) => {
    const weights = await uploadWeights(gpu, model.id, (emit) =>
      loadWeights(emit, model.folder, model, precision, { signal }),
    );
    opened.push(await Activations.open(gpu, model, precision, weights));
  };
  await open("int8");
  await open("float32");
  try {
    return await work(opened[0], opened[1]);
  } finally {
    for (const activations of opened) activations.destroy();
  }
}
