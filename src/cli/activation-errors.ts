// The errors of activations: an int8 run against a float32 run of the same images.

import { GROUP } from "../kernels/gemm.ts";
import type { FusedOp, Network, Norm } from "../network/op.ts";
import { Noise, throughInt8, throughRows } from "../quant/noise.ts";
import type { Form, Tensor } from "../scheduler/step.ts";

/** Signal to quantization noise in decibels; 6 more are a bit more. */
export interface TensorError {
  readonly name: string;
  /** The error of rounding only this tensor to int8. */
  readonly ownDb: number;
  /** For an activation in the int8 network, with all earlier errors. */
  readonly arrivingDb?: number;
}

/** An f32 tensor with the errors of the steps before it. */
export interface StreamError {
  readonly name: string;
  readonly arrivingDb: number;
}

/** The peaks of each channel of a LayerNorm's input: the largest magnitudes over all tokens and images. */
export interface ChannelPeaks {
  readonly name: string;
  readonly peaks: readonly number[];
}

/** Sums over the images that are added. */
export class ActivationErrors {
  readonly #tensors: ReadonlyMap<string, Tensor>;
  readonly #network: Network<FusedOp>;
  readonly #own = new Map<string, Noise>();
  readonly #arriving = new Map<string, Noise>();
  readonly #peaks = new Map<string, Float32Array>();

  /** For the tensors of the int8 network. */
  constructor(tensors: ReadonlyMap<string, Tensor>, network: Network<FusedOp>) {
    this.#tensors = tensors;
    this.#network = network;
  }

  add(float32: ReadonlyMap<string, Float32Array>, int8: ReadonlyMap<string, Float32Array>): void {
    for (const [name, { columns: width, form }] of this.#tensors) {
      const reference = float32.get(name) ?? float32.get(sourceOf(name, form));
      if (!reference) continue; // a step of int8 that float32 has not, such as sums before an activation
      const came = int8.get(name)!;
      for (const { part, from, columns } of partsOf(name, width)) {
        const [wanted, found] = [reference, came].map((values) => cut(values, width, from, columns));
        noiseIn(this.#arriving, part).add(wanted, found);
        if (form === "row") noiseIn(this.#own, part).add(wanted, throughRows(wanted, columns));
        if (form === "groups") noiseIn(this.#own, part).add(wanted, throughInt8(wanted, GROUP));
      }
      if (form === "f32") this.#keepPeaks(name, reference, width);
    }
  }

  tensors(): TensorError[] {
    return [...this.#own].map(([name, noise]) => ({
      name,
      ownDb: noise.decibels,
      arrivingDb: this.#arriving.get(name)!.decibels,
    }));
  }

  stream(): StreamError[] {
    const names = [...this.#arriving.keys()].filter((name) => !this.#own.has(name));
    return names.map((name) => ({ name, arrivingDb: this.#arriving.get(name)!.decibels }));
  }

  /** The stream before each norm, by the norm's name; what pads the channels is cut off. */
  normInputs(): ChannelPeaks[] {
    const norms = this.#network.ops.filter((op): op is Norm => op.kind === "norm");
    return norms.flatMap(({ name, reads: [x] }) => {
      const peaks = this.#peaks.get(x.name);
      return peaks ? [{ name, peaks: [...peaks.subarray(0, x.width)] }] : [];
    });
  }

  #keepPeaks(name: string, values: Float32Array, width: number): void {
    const peaks = this.#peaks.get(name) ?? new Float32Array(width);
    this.#peaks.set(name, peaks);
    for (let i = 0; i < values.length; i++) {
      const magnitude = Math.abs(values[i]);
      if (magnitude > peaks[i % width]) peaks[i % width] = magnitude;
    }
  }
}

/** The source of a tensor that was converted to another form: `x` for `x.groups`. */
function sourceOf(name: string, form: Form): string {
  return name.endsWith(`.${form}`) ? name.slice(0, -form.length - 1) : name;
}

/** Q, K and V separately, so that the worst of them is visible. */
function partsOf(name: string, width: number) {
  if (!name.endsWith(".qkv")) return [{ part: name, from: 0, columns: width }];
  const columns = width / 3;
  return ["query", "key", "value"].map((part, i) => ({
    part: name.replace(/qkv$/, part),
    from: i * columns,
    columns,
  }));
}

function cut(values: Float32Array, width: number, from: number, columns: number): Float32Array {
  if (columns === width) return values;
  const rows = values.length / width;
  const part = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++)
    part.set(values.subarray(row * width + from, row * width + from + columns), row * columns);
  return part;
}

function noiseIn(sums: Map<string, Noise>, name: string): Noise {
  const noise = sums.get(name) ?? new Noise();
  sums.set(name, noise);
  return noise;
}
