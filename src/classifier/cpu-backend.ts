// A model's weights in memory, and its graphs as plans on the CPU.

import { croppedPixels, floatPatches, int8Patches, type ReadRegion } from "../cpu/patches.ts";
import { CpuPlan } from "../cpu/plan.ts";
import { PictureError } from "../errors/errors.ts";
import type { PatchLayout } from "../image/patches.ts";
import { GROUP } from "../kernels/gemm.ts";
import type { ModelGraph } from "../lower/lowering.ts";
import type { Backend, Batch, Chosen, RunOptions, StepTimes } from "./engine.ts";
import type { ModelDescription } from "./model.ts";
import type { PictureSource } from "./picture.ts";

type Weights = ReadonlyMap<string, Int8Array | Float32Array>;

export class CpuBackend implements Backend<CpuBatch> {
  readonly #model: ModelDescription;
  #weights: Weights;
  readonly #batches = new Set<CpuBatch>();

  constructor(model: ModelDescription, weights: Weights) {
    this.#model = model;
    this.#weights = weights;
  }

  /** Of the weights and all tensors. */
  get bytes(): number {
    const sizes = [...this.#weights.values(), ...this.#batches];
    return sizes.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  async batch(graph: ModelGraph): Promise<CpuBatch> {
    const batch: CpuBatch = new CpuBatch(this.#model, graph, this.#weights, () =>
      this.#batches.delete(batch),
    );
    this.#batches.add(batch);
    return batch;
  }

  destroy(): void {
    this.#weights = new Map();
    this.#batches.clear();
  }
}

class CpuBatch implements Batch {
  readonly graph: ModelGraph;
  readonly #model: ModelDescription;
  readonly #plan: CpuPlan;
  /** Forgets it, so that its tensors are collected. */
  readonly destroy: () => void;

  constructor(model: ModelDescription, graph: ModelGraph, weights: Weights, destroy: () => void) {
    this.graph = graph;
    this.destroy = destroy;
    this.#model = model;
    this.#plan = new CpuPlan(graph, weights);
  }

  get byteLength(): number {
    return this.#plan.byteLength;
  }

  get choices(): ReadonlyMap<string, Chosen> {
    const why = "the one on the CPU";
    return new Map(
      this.graph.steps.map(({ label, kernels: [kernel] }) => [label, { kernel, variant: "cpu", why }]),
    );
  }

  get dispatches(): number {
    return this.graph.steps.length;
  }

  async run(
    pictures: readonly PictureSource[],
    { signal }: RunOptions = {},
  ): Promise<Record<string, ArrayBuffer>> {
    for (const [i, picture] of pictures.entries()) this.#write(picture, i);
    await this.#plan.run(signal);
    return Object.fromEntries(this.graph.reads.map((name) => [name, this.#plan.tensor(name).slice(0)]));
  }

  async profile(picture: PictureSource): Promise<StepTimes> {
    const start = performance.now();
    this.#write(picture, 0);
    const preprocess = performance.now() - start;
    return { source: "wall", times: new Map([["preprocess", preprocess], ...(await this.#plan.run())]) };
  }

  #write(picture: PictureSource, index: number): void {
    const { architecture, preprocessing, affine } = this.#model;
    const { imageWidth: width, imageHeight: height, patchSize: patch } = architecture;
    const layout: PatchLayout = { width, height, patch, affine };
    const framing = { ...preprocessing, crop: { width, height } };
    const rgb = croppedPixels(readerOf(picture), picture, framing);
    const { tensors, firstRow } = this.graph;
    const first = firstRow(index) * tensors.get("patches")!.columns;
    const patches = this.#plan.tensor("patches");
    if (tensors.has("patches.scale")) {
      const scales = new Float32Array(this.#plan.tensor("patches.scale"), (first / GROUP) * 4);
      int8Patches(rgb, layout, new Int8Array(patches, first), scales);
    } else floatPatches(rgb, layout, new Float32Array(patches, first * 4));
  }
}

/** Of what a canvas draws, a region at a time. It keeps no colour where a pixel is transparent. */
function readerOf({ content, width: pictureWidth, name }: PictureSource): ReadRegion {
  if (ArrayBuffer.isView(content))
    return (x, y, width, height) => {
      const region = new Uint8Array(width * height * 4);
      for (let row = 0; row < height; row++) {
        const from = ((y + row) * pictureWidth + x) * 4;
        region.set(content.subarray(from, from + width * 4), row * width * 4);
      }
      return region;
    };
  return (x, y, width, height) => {
    try {
      const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
      context.drawImage(content, x, y, width, height, 0, 0, width, height);
      return context.getImageData(0, 0, width, height).data;
    } catch (cause) {
      throw new PictureError(`${name}: the pixels cannot be read: ${(cause as Error).message}`, { cause });
    }
  };
}
