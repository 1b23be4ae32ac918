// The cost of quantized weights by layer: the error of the logits if only one layer has them and the rest is float32.

import { openCpuDevice } from "../classifier/cpu-device.ts";
import { Engine } from "../classifier/engine.ts";
import { storedTensors } from "../classifier/model.ts";
import { openPicture } from "../classifier/picture.ts";
import { toFloat32 } from "../format/safetensors.ts";
import { arithmeticOf } from "../lower/arithmetic.ts";
import type { StoredTensor } from "../lower/pack/stored-tensor.ts";
import { programOf } from "../lower/program-of.ts";
import { parametersOf } from "../network/parameters.ts";
import { readPicture } from "../node/picture.ts";
import { nodeThreads } from "../node/threads.ts";
import { Noise, throughInt8 } from "../quant/noise.ts";
import type { OpenModel } from "./model.ts";
import { ProgressBar } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

export interface LayerCost {
  readonly layer: string;
  /** Signal to noise of the logits, or of an embedding model's embedding. */
  readonly answerDb: number;
}

type Weights = ReadonlyMap<string, Float32Array>;

/**
 * Worst first, of all layers that become int8.
 * @param stored the weights that a quantized model has, by canonical name; undefined: int8 as at load
 */
export async function layerCosts(
  reference: OpenModel,
  stored: Weights | undefined,
  files: readonly string[],
  terminal: Terminal,
): Promise<LayerCost[]> {
  const { signal } = terminal;
  const layers = [...parametersOf(reference.network)].filter(
    ([name, shape]) => name.endsWith(".weight") && shape.length > 1,
  );
  const program = await programOf(reference, arithmeticOf({ precision: "float32" }));
  const answersWith = async (weight?: string) => {
    const device = await openCpuDevice(undefined, nodeThreads());
    const tensors = storedTensors(reference.folder, reference, { signal });
    const engine = new Engine(
      program,
      await device.load(reference, program, program.pack(quantizing(tensors, weight, stored))),
    );
    try {
      const answers: Float32Array[] = [];
      for (const file of files) {
        const picture = await openPicture(await readPicture(file));
        const [{ logits, embedding }] = await engine.run([picture], signal);
        answers.push(logits.length ? logits : embedding);
      }
      return answers;
    } finally {
      await engine.destroy();
      device.release();
    }
  };
  const bar = new ProgressBar(terminal, "quantizing layer by layer");
  try {
    const wanted = await answersWith();
    const costs: LayerCost[] = [];
    for (const [i, [name]] of layers.entries()) {
      bar.update(i, layers.length);
      const noise = new Noise();
      for (const [k, answer] of (await answersWith(name)).entries()) noise.add(wanted[k], answer);
      costs.push({ layer: name.replace(/\.weight$/, ""), answerDb: noise.decibels });
    }
    return costs.sort((a, b) => a.answerDb - b.answerDb);
  } finally {
    bar.clear();
  }
}

/** The same tensors, those of `weight` as their quantized values. */
async function* quantizing(
  tensors: AsyncIterable<StoredTensor>,
  weight: string | undefined,
  stored: Weights | undefined,
): AsyncGenerator<StoredTensor> {
  for await (const tensor of tensors) {
    const { name, entry, bytes } = tensor;
    if (!weight || !namesOf(weight).includes(name)) {
      yield tensor;
      continue;
    }
    const values = toFloat32(entry, bytes);
    const { shape } = entry;
    const rounded = stored
      ? joined(namesIn(name).map((part) => stored.get(part)!))
      : throughInt8(values, values.length / shape[0]);
    yield { name, entry: { ...entry, dtype: "F32" }, bytes: new Uint8Array(rounded.buffer) };
  }
}

const PARTS = ["query", "key", "value"];

/** The names of a layer in a file: Q, K and V as one or as three. */
function namesOf(weight: string): string[] {
  return [weight, ...PARTS.map((part) => weight.replace(/\bqkv\b/, part))];
}

/** The names of a layer's weights in a model that has three. */
function namesIn(name: string): string[] {
  return /\bqkv\b/.test(name) ? PARTS.map((part) => name.replace(/\bqkv\b/, part)) : [name];
}

function joined(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
