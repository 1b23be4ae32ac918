// A model's weights in memory, and its graphs as plans on the CPU.

import type { CpuModel } from "../cpu/model.ts";
import { croppedPixels, floatPatches, patchScales, type ReadRegion } from "../cpu/patches.ts";
import type { CpuPlan } from "../cpu/plan.ts";
import { PictureError } from "../errors/errors.ts";
import { pictureGeometry } from "../image/geometry.ts";
import type { PatchLayout } from "../image/patches.ts";
import { type ResizePlan, resizePlan } from "../image/resize.ts";
import { GROUP } from "../kernels/gemm.ts";
import type { ModelGraph } from "../lower/lowering.ts";
import type { Backend, Batch, Chosen, RunOptions, StepTimes } from "./engine.ts";
import type { ModelDescription } from "./model.ts";
import type { PictureSource } from "./picture.ts";

export class CpuBackend implements Backend<CpuBatch> {
  readonly #description: ModelDescription;
  #model: CpuModel | undefined;

  constructor(description: ModelDescription, model: CpuModel) {
    this.#description = description;
    this.#model = model;
  }

  /** Bytes of the weights and all tensors. */
  get bytes(): number {
    return this.#model?.bytes ?? 0;
  }

  async batch(graph: ModelGraph): Promise<CpuBatch> {
    const model = this.#model!;
    return new CpuBatch(this.#description, graph, model, await model.plan(graph));
  }

  /** How many compute, and why so many. */
  get threads() {
    return this.#model?.threads;
  }

  destroy(): void {
    void this.#model?.release();
    this.#model = undefined;
  }
}

/** Sizes of images whose resize is settled. */
const KEPT_SIZES = 16;

class CpuBatch implements Batch {
  readonly graph: ModelGraph;
  readonly choices: ReadonlyMap<string, Chosen>;
  readonly #description: ModelDescription;
  readonly #plan: CpuPlan;
  /** By size, in the order in which they were made. */
  readonly #resizes = new Map<string, ResizePlan>();

  constructor(description: ModelDescription, graph: ModelGraph, model: CpuModel, plan: CpuPlan) {
    this.graph = graph;
    this.#description = description;
    this.#plan = plan;
    this.choices = new Map(
      graph.steps.map(({ label, kernels: [kernel] }) => [label, { kernel, ...model.choice(kernel.name) }]),
    );
  }

  get dispatches(): number {
    return this.graph.steps.length;
  }

  async run(
    pictures: readonly PictureSource[],
    { signal, given }: RunOptions = {},
  ): Promise<Record<string, ArrayBuffer>> {
    await this.#plan.run(() => {
      pictures.forEach((picture, i) => {
        this.#write(picture, i);
      });
      if (given) this.#plan.tensor(given.name).set(new Uint8Array(given.rows.buffer));
    }, signal);
    return Object.fromEntries(this.graph.reads.map((name) => [name, this.#plan.tensor(name).slice().buffer]));
  }

  async profile(picture: PictureSource): Promise<StepTimes> {
    return { source: "wall", times: await this.#plan.run(() => this.#write(picture, 0)) };
  }

  destroy(): void {
    this.#plan.release();
  }

  #write(picture: PictureSource, index: number): void {
    const { input, affine } = this.#description;
    const layout: PatchLayout = { ...input, affine };
    const { preprocessor } = this.#plan;
    const rgb = croppedPixels(readerOf(picture), this.#resizeOf(picture), preprocessor);
    const { tensors, firstRow } = this.graph;
    const first = firstRow(index) * tensors.get("patches")!.columns;
    const { buffer, byteOffset } = this.#plan.tensor("patches");
    if (tensors.has("patches.scale")) {
      preprocessor.cut(rgb, layout, new Int8Array(buffer, byteOffset + first));
      const scales = this.#plan.tensor("patches.scale").subarray((first / GROUP) * 4);
      patchScales(layout, new Float32Array(scales.buffer, scales.byteOffset));
    } else floatPatches(rgb, layout, new Float32Array(buffer, byteOffset + first * 4));
  }

  /** A data set has images of few sizes. */
  #resizeOf({ width, height }: PictureSource): ResizePlan {
    const size = `${width} x ${height}`;
    const kept = this.#resizes.get(size);
    if (kept) return kept;
    const { input, preprocessing } = this.#description;
    const plan = resizePlan(width, height, pictureGeometry({ ...preprocessing, crop: input }, width, height));
    this.#resizes.set(size, plan);
    if (this.#resizes.size > KEPT_SIZES) this.#resizes.delete(this.#resizes.keys().next().value!);
    return plan;
  }
}

/** Reads the pixels of a canvas, one region at a time. It has no color where a pixel is transparent. */
function readerOf({ content, width: pictureWidth, name }: PictureSource): ReadRegion {
  if (ArrayBuffer.isView(content))
    return (x, y, width, height) => {
      if (width === pictureWidth) return content.subarray(y * width * 4, (y + height) * width * 4);
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
      throw new PictureError(`${name}: the pixels cannot be read (${(cause as Error).message}).`, { cause });
    }
  };
}
