// From what calibration saw to a quantized model: levels for every activation, weights on few levels, and its files.

import type { ModelDescription } from "../classifier/model.ts";
import { pack, packMultiples } from "../format/packed.ts";
import type { QuantizationOptions } from "../format/quantization-config.ts";
import type { StoredTensor } from "../format/safetensors.ts";
import { type CalibratedOp, calibratedNetwork, isFloat, isQkv } from "../lower/calibration.ts";
import { addendOf } from "../lower/problems.ts";
import { fused } from "../network/fused.ts";
import { type Interpreter, interpret, type Network, type Value } from "../network/op.ts";
import type { Quantizer } from "../quant/quantizer.ts";
import { correctBias, quantized, regress } from "./correct.ts";
import {
  copyOf,
  type FloatModel,
  type FloatTensor,
  linearOf,
  normOf,
  readFloatModel,
} from "./float-model.ts";
import { eightBits, floats, folderFiles, int8s } from "./folder-files.ts";
import { type Keep, Kept } from "./keep.ts";
import { gram } from "./linear-algebra.ts";
import { METHODS, type Method, type MethodName, WIDTHS, type Width } from "./methods.ts";
import type { Observations } from "./observations.ts";
import type { Observed } from "./observe.ts";
import { powerOfTwoFactor } from "./power-of-two.ts";
import { isQuantizable } from "./quantized-model.ts";
import { reparameterise } from "./reparameterise.ts";
import { smooth } from "./smooth.ts";
import { uniformOver } from "./uniform.ts";
import {
  GROUP_SIZE,
  type Granularity,
  leastSquaresScale,
  type QuantizedWeight,
  quantizeCompensated,
  quantizeWeight,
  stepsOf,
} from "./weights.ts";

export interface CalibratedOptions {
  readonly method: MethodName;
  readonly bits: Width;
  /** Adds the mean error of the layer's outputs to each bias. */
  readonly biasCorrection?: boolean;
  /** The granularity of weight scales; default: that of the method. */
  readonly weights?: Granularity;
  /** Quantizes what LayerNorm reads too, in 8 bits; the values are computed in f32. */
  readonly normInputs?: boolean;
  /** Layers that stay int8, or float if activation scales are computed at run time. */
  readonly keep?: Keep;
  /** A hash of each calibration image for config.json, so that an evaluation can recognize the images. */
  readonly pictureHashes?: readonly string[];
}

export interface QuantizingOptions extends CalibratedOptions {
  readonly signal?: AbortSignal;
  /** Blocks of the model that are done, of all. */
  readonly onBlock?: (done: number, total: number) => void;
}

/**
 * Every file of the quantized folder by name, in pieces, except README.md. The same observations and options give the same bytes.
 * @throws the signal's reason.
 */
export async function calibratedFiles(
  { model, images, seed, of }: Observations,
  { signal, onBlock, ...options }: QuantizingOptions,
): Promise<Map<string, Uint8Array[]>> {
  const network = calibratedNetwork(fused(model.description.network));
  const blocks = network.ops.filter(({ kind }) => kind === "attention").length;
  const quantizer = new ModelQuantizer(copyOf(model), network, of, options);
  let block = -1;
  for (const op of network.ops) {
    const [, number = "0"] = /^blocks\.(\d+)\./.exec(op.name) ?? [];
    if (Number(number) > block) {
      block = Number(number);
      onBlock?.(block, blocks);
      // A block takes seconds: let abort events run in between.
      await new Promise((resolve) => setTimeout(resolve));
      signal?.throwIfAborted();
    }
    quantizer.quantize(op);
  }
  const { method, bits, biasCorrection = false, pictureHashes } = options;
  const notes = {
    method,
    source: METHODS[method].source,
    images,
    seed,
    ...(pictureHashes && { pictures: pictureHashes }),
    ...(biasCorrection && { biasCorrection }),
    ...(quantizer.levels.size && { activations: Object.fromEntries(quantizer.levels) }),
  };
  const { weights: weightBits, activations } = WIDTHS[bits];
  return filesOf(model, quantizer.weights, quantizer.kept, {
    weightBits,
    notes,
    ...(quantizer.levels.size && { activationBits: activations }),
  });
}

/**
 * The same without calibration: weights of `bits` whose scales have the least squared error (4-bit weights by group by default), and a
 * run-time scale per token.
 */
export async function dynamicFiles(
  model: FloatModel,
  bits: 4 | 8,
  granularity: Granularity = bits === 4 ? "group" : "channel",
  keep?: Keep,
): Promise<Map<string, Uint8Array[]>> {
  const kept = new Kept(model.description, keep);
  const weights = new Map<string, Stored>();
  for (const [name, { shape }] of model.tensors)
    if (isLayer(name) && shape.length === 2 && !kept.of(name.replace(/\.weight$/, ""))) {
      const layer = name.replace(/\.weight$/, "");
      const linear = linearOf(model, layer);
      const steps = stepsOf(linear, bits, leastSquaresScale, granularity);
      weights.set(layer, { bits, ...quantizeWeight(linear, bits, steps) });
    }
  return filesOf(model, { model, weights }, kept, { weightBits: bits });
}

export { readFloatModel };

interface Stored extends QuantizedWeight {
  readonly bits: number;
}

interface QuantizedModel {
  /** With changed LayerNorms and biases. */
  readonly model: FloatModel;
  /** By layer. */
  readonly weights: ReadonlyMap<string, Stored>;
}

const QKV = ["query", "key", "value"];
const isLayer = (name: string) => /(?:^|\.)blocks\.\d+\.(?:qkv|proj|fc1|fc2|gate|up)\.weight$/.test(name);

class ModelQuantizer {
  readonly kept: Kept;
  readonly levels = new Map<string, Quantizer>();
  readonly #model: FloatModel;
  readonly #observed: ReadonlyMap<string, Observed>;
  readonly #options: CalibratedOptions;
  readonly #method: Method;
  readonly #weights = new Map<string, Stored>();
  readonly #network: Network<CalibratedOp>;

  constructor(
    model: FloatModel,
    network: Network<CalibratedOp>,
    observed: ReadonlyMap<string, Observed>,
    options: CalibratedOptions,
  ) {
    this.#model = model;
    this.#network = network;
    this.#observed = observed;
    this.#options = options;
    this.#method = METHODS[options.method];
    this.kept = new Kept(model.description, options.keep);
  }

  get weights(): QuantizedModel {
    return { model: this.#model, weights: this.#weights };
  }

  quantize(op: CalibratedOp): void {
    interpret(this.#by, op);
  }

  /** Quantizes each operation: sets the levels of its output and, if those of its input are set, quantizes its weight. */
  readonly #by: Interpreter<CalibratedOp, [], void> = {
    patches: () => {},
    linear: (op) => {
      const { name, reads, out, table } = op;
      if (isQkv(op)) for (const part of QKV) this.#uniform(name.replace(/qkv$/, part));
      else if (addendOf(op)) {
        if (!table) this.#linear(name, this.#seen(reads[0].name), reads[0].name);
      } else if (!isFloat(out, this.#network)) this.#activation(out.name, this.#method.gelu);
    },
    norm: ({ name, out }) => {
      const reader = this.#network.ops.find(({ reads }) => (reads as readonly Value[]).includes(out));
      if (reader && !isFloat(out, this.#network)) this.#norm(name, reader.name);
    },
    attention: ({ name }) => {
      this.#activation(name.replace(/attention$/, "softmax"), this.#method.softmax);
      this.#uniform(name);
    },
    gather: () => {},
    pool: () => {},
    concat: () => {},
  };

  #norm(name: string, layer: string): void {
    const { norm, range, powerOfTwoFactor: factor } = this.#method;
    if (this.#method.dynamic) {
      this.#linear(layer, this.#seen(name), name);
      return;
    }
    if (this.#options.normInputs) {
      const input = this.#seen(`${name}.input`);
      this.levels.set(`${name}.input`, factor ? powerOfTwoFactor(input, 8) : uniformOver(range(input, 8), 8));
    }
    const before = this.#seen(name);
    let seen = before;
    const [affine, next] = [normOf(this.#model, name), linearOf(this.#model, layer)];
    if (norm === "reparameterise") {
      const [gamma, beta] = [affine.weight.slice(), affine.bias.slice()];
      this.levels.set(name, reparameterise(affine, next, before, range, this.#bits));
      seen = {
        ...before,
        values: reaffined(before, { gamma, beta }, { gamma: affine.weight, beta: affine.bias }),
      };
    } else {
      if (norm === "smooth") seen = smooth(affine, next, before);
      this.levels.set(name, uniformOver(range(seen, this.#bits), this.#bits));
    }
    this.#linear(layer, seen, name);
  }

  #activation(name: string, quantizerOf: Method["softmax"]): void {
    if (this.#method.dynamic) return;
    if (quantizerOf) this.levels.set(name, quantizerOf(this.#seen(name), this.#bits));
    else this.#uniform(name);
  }

  #uniform(name: string): void {
    if (this.#method.dynamic) return;
    this.levels.set(name, uniformOver(this.#method.range(this.#seen(name), this.#bits), this.#bits));
  }

  /** The weight of `layer`, whose inputs were `seen` and have the levels called `levels`. */
  #linear(layer: string, seen: Observed, levels: string): void {
    const kept = this.kept.of(layer);
    if (kept === "float") return;
    const bits = kept === "int8" ? 8 : WIDTHS[this.#options.bits].weights;
    const linear = linearOf(this.#model, layer);
    const { weightScale, weights } = this.#method;
    const quantizer = this.levels.get(levels);
    const came = quantizer ? quantized(seen, quantizer) : seen;
    if (this.#method.regress) regress(linear, seen, came);
    const steps = stepsOf(linear, bits, weightScale, this.#options.weights ?? weights);
    const weight = this.#method.compensate
      ? quantizeCompensated(linear, bits, steps, gram(came.values, came.columns))
      : quantizeWeight(linear, bits, steps);
    if (this.#options.biasCorrection) correctBias(linear, weight, seen, came);
    this.#weights.set(layer, { bits, ...weight });
  }

  #seen(name: string): Observed {
    return this.#observed.get(name)!;
  }

  get #bits(): number {
    return WIDTHS[this.#options.bits].activations;
  }
}

interface Affine {
  readonly gamma: Float32Array;
  readonly beta: Float32Array;
}

/** Outputs of a LayerNorm as another affine would have made them. */
function reaffined({ values, columns }: Observed, from: Affine, to: Affine): Float32Array {
  return values.map((value, i) => {
    const c = i % columns;
    // A channel without a scale has one value, its shift.
    const normal = from.gamma[c] === 0 ? 0 : (value - from.beta[c]) / from.gamma[c];
    return normal * to.gamma[c] + to.beta[c];
  });
}

async function filesOf(
  { folder, tensors, description: { names, network } }: FloatModel,
  { model, weights }: QuantizedModel,
  kept: Kept,
  quantization: QuantizationOptions,
): Promise<Map<string, Uint8Array[]>> {
  const stored = [...tensors.keys()].flatMap((name) =>
    storedTensors(name, model.tensors.get(name)!, weights, kept, { names, network }),
  );
  const groupSize = [...weights.values()].some(({ multiples }) => multiples) ? GROUP_SIZE : undefined;
  return folderFiles(folder, stored, { ...quantization, ...kept.modules, groupSize });
}

function storedTensors(
  name: string,
  { shape, values }: FloatTensor,
  weights: QuantizedModel["weights"],
  kept: Kept,
  { names, network }: Pick<ModelDescription, "names" | "network">,
): StoredTensor[] {
  const [layer, as] = [name.replace(/\.weight$/, ""), names.stored(name)];
  if (!isQuantizable(network, name, shape) || kept.note(name, as) === "float")
    return [floats(as, shape, values)];
  // The patch embedding and the head have 8 bits in every width, as in the papers.
  const { q, scale, bits, multiples }: Stored = weights.get(layer) ?? {
    ...eightBits(values, shape),
    bits: 8,
  };
  const scales = floats(`${as}_scale`, [shape[0], 1], scale);
  if (bits !== 4 || shape[1] % 8 !== 0) return [int8s(as, shape, q), scales];
  const words = [shape[0], shape[1] / 8];
  const size = new BigInt64Array(shape.map(BigInt));
  const levels = multiples ? q.map((value, i) => value / multiples[Math.floor(i / GROUP_SIZE)]) : q;
  const pairs = [shape[0], shape[1] / GROUP_SIZE / 2];
  return [
    { name: `${as}_packed`, dtype: "I32", shape: words, bytes: pack(levels) },
    { name: `${as}_shape`, dtype: "I64", shape: [2], bytes: new Uint8Array(size.buffer) },
    ...(multiples
      ? [{ name: `${as}_multiples`, dtype: "U8", shape: pairs, bytes: packMultiples(multiples) } as const]
      : []),
    scales,
  ];
}
