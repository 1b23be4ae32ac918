// Every activation of a run, read back as f32: for whoever asks where error arises.

import type { Arena } from "../gpu/arena.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { paddedRows } from "../kernels/gemm.ts";
import { ROW_SCALE } from "../quant/outlier.ts";
import { Plan } from "../scheduler/plan.ts";
import { chooseProven } from "../scheduler/proven.ts";
import { type VitGraph, vitGraph } from "../vit/graph.ts";
import { arithmeticOf, kernelsFor } from "../vit/nonlinear.ts";
import type { Precision } from "../vit/weights.ts";
import type { ModelDescription } from "./model.ts";
import type { PictureSource } from "./picture.ts";
import { PictureSlot } from "./picture-slot.ts";

/** [rows, width] of a tensor; `group`: columns that share a scale, where it is int8; `outliers`: whether rows keep theirs in 16 bits. */
export interface ActivationShape {
  readonly rows: number;
  readonly width: number;
  readonly group?: number;
  readonly outliers?: boolean;
}

/** Runs a model one picture at a time and keeps what every step wrote. Pass weights of the same precision. */
export class Activations {
  /** By the name of the step that writes it, or of its tensor where steps add to the residual stream. */
  readonly shapes: ReadonlyMap<string, ActivationShape>;
  readonly #plan: Plan;
  readonly #slot: PictureSlot;
  readonly #firstRow: number;

  private constructor(graph: VitGraph, plan: Plan, slot: PictureSlot, firstRow: number) {
    this.shapes = shapesOf(graph);
    this.#plan = plan;
    this.#slot = slot;
    this.#firstRow = firstRow;
  }

  static open(
    gpu: Gpu,
    { architecture, preprocessing, affine }: ModelDescription,
    precision: Precision,
    weights: Arena,
  ): Promise<Activations> {
    return gpu.guarded("reading activations", async () => {
      const kernels = await kernelsFor(arithmeticOf({ precision }), gpu.capabilities);
      const graph = vitGraph(architecture, 1, precision, { kernels });
      const outputs = [...graph.tensors.keys()].filter((name) => !name.startsWith("patches"));
      const plan = await Plan.create(
        gpu,
        { ...graph, held: new Set(graph.tensors.keys()) },
        { weights, outputs, choose: chooseProven(gpu) },
      );
      const { imageWidth: width, imageHeight: height, patchSize: patch } = architecture;
      const slot = await PictureSlot.create(gpu, {
        framing: preprocessing,
        layout: { width, height, patch, affine },
        patches: plan.tensor("patches"),
        ...(precision === "int8" && { scales: plan.tensor("patches.scale") }),
      });
      return new Activations(graph, plan, slot, architecture.prefixTokens);
    });
  }

  /** int8 tensors come multiplied by their scales. Calls must not overlap. */
  async read(picture: PictureSource): Promise<ReadonlyMap<string, Float32Array>> {
    this.#slot.prepare(picture, this.#firstRow);
    const outputs = await this.#plan.run((pass) => this.#slot.encode(pass));
    const values = [...this.shapes].map(([name, shape]) => {
      const length = shape.rows * shape.width;
      if (!shape.group) return [name, new Float32Array(outputs[name]).subarray(0, length)] as const;
      const q = new Int8Array(outputs[name]).subarray(0, length);
      const scales = new Float32Array(outputs[`${name}.scale`]);
      const dequantized = shape.outliers
        ? fromRows(q, scales, shape.width)
        : fromGroups(q, scales, shape.group);
      return [name, dequantized] as const;
    });
    return new Map(values);
  }

  destroy(): void {
    this.#plan.destroy();
    this.#slot.destroy();
  }
}

function shapesOf({ steps, tensors }: VitGraph): Map<string, ActivationShape> {
  const shapes = new Map<string, ActivationShape>();
  for (const { problem, buffers } of steps) {
    const {
      images = 1,
      queries = 1,
      rows = images * queries,
    } = problem as Record<string, number | undefined>;
    const name = buffers.out;
    const scales = tensors.get(`${name}.scale`);
    const values = tensors.get(name)! / (scales ? 1 : 4);
    const width = values / paddedRows(rows);
    // A LayerNorm's: the steps that have a gamma.
    const outliers = scales !== undefined && "gamma" in buffers;
    const group = outliers ? width : scales && values / (scales / 4);
    shapes.set(name, { rows, width, group, outliers });
  }
  return shapes;
}

function fromGroups(q: Int8Array, scales: Float32Array, group: number): Float32Array {
  return Float32Array.from(q, (value, i) => value * scales[Math.floor(i / group)]);
}

function fromRows(q: Int8Array, scales: Float32Array, width: number): Float32Array {
  const values = Float32Array.from(q, (value, i) => value * scales[Math.floor(i / width) * ROW_SCALE]);
  for (let row = 0; row * width < q.length; row++) {
    const [scale, excess, channel] = scales.subarray(row * ROW_SCALE, (row + 1) * ROW_SCALE);
    values[row * width + channel] += excess * scale;
  }
  return values;
}
